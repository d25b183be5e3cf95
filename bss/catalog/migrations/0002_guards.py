"""What was sold stays as it was sold: released prices, tariffs and launched offers refuse edits in the database."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION bss_catalog_refuse(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is released: supersede it, never edit it', what USING ERRCODE = 'restrict_violation';
END $$;

-- Rows that are open until a moment of their own; afterwards only the columns named by the trigger may change. Generated
-- columns are among them: the database computes them after this trigger has run.
CREATE FUNCTION bss_catalog_guard_released() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed boolean := to_jsonb(OLD) ->> TG_ARGV[0] IS NOT NULL AND to_jsonb(OLD) ->> TG_ARGV[0] <> 'draft';
    free text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF closed THEN PERFORM bss_catalog_refuse(TG_TABLE_NAME); END IF;
        RETURN OLD;
    END IF;
    IF closed AND to_jsonb(NEW) - free <> to_jsonb(OLD) - free THEN
        PERFORM bss_catalog_refuse(TG_TABLE_NAME);
    END IF;
    RETURN NEW;
END $$;

-- Rows that belong to one of those: closed as soon as their owner is. TG_ARGV: owner's table, its column, its moment.
CREATE FUNCTION bss_catalog_guard_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I o WHERE o.id::text = ANY($1) AND o.%I IS NOT NULL AND o.%I::text <> ''draft'')',
                   TG_ARGV[0], TG_ARGV[2], TG_ARGV[2])
        INTO closed
        USING ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ->> TG_ARGV[1] END,
                    CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ->> TG_ARGV[1] END];
    IF closed THEN PERFORM bss_catalog_refuse(TG_TABLE_NAME); END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- The zones of an allowance hang on its offer over one more table.
CREATE FUNCTION bss_catalog_guard_zones() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM bss_catalog_allowance a JOIN bss_catalog_productoffering o ON o.id = a.offering_id
        WHERE o.launched IS NOT NULL
          AND a.id = CASE WHEN TG_OP = 'INSERT' THEN NEW.allowance_id ELSE OLD.allowance_id END
    ) THEN
        PERFORM bss_catalog_refuse(TG_TABLE_NAME);
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- The hours of a band decide prices wherever a released tariff uses its calendar.
CREATE FUNCTION bss_catalog_guard_hours() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM bss_catalog_tariff t WHERE t.status <> 'draft'
          AND t.calendar_id = CASE WHEN TG_OP = 'INSERT' THEN NEW.calendar_id ELSE OLD.calendar_id END
    ) THEN
        PERFORM bss_catalog_refuse(TG_TABLE_NAME);
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER bss_catalog_guard BEFORE UPDATE OR DELETE ON bss_catalog_productoffering FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_released('launched',
        'reference,status,valid_to,retired,updated,version,name_en,name_fr,description_en,description_fr,category_id,is_sellable,segments,credit_classes,areas');
CREATE TRIGGER bss_catalog_guard BEFORE UPDATE OR DELETE ON bss_catalog_offeringprice FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_released('released', 'valid_to,updated,version');
CREATE TRIGGER bss_catalog_guard BEFORE UPDATE OR DELETE ON bss_catalog_tariff FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_released('status', 'reference,status,updated,version,name_en,name_fr,description_en,description_fr');

CREATE TRIGGER bss_catalog_guard BEFORE INSERT OR UPDATE OR DELETE ON bss_catalog_pricetier FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_part('bss_catalog_offeringprice', 'price_id', 'released');
CREATE TRIGGER bss_catalog_guard BEFORE INSERT OR UPDATE OR DELETE ON bss_catalog_tariffrate FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_part('bss_catalog_tariff', 'tariff_id', 'status');
CREATE TRIGGER bss_catalog_guard BEFORE INSERT OR UPDATE OR DELETE ON bss_catalog_allowance FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_part('bss_catalog_productoffering', 'offering_id', 'launched');
CREATE TRIGGER bss_catalog_guard BEFORE INSERT OR UPDATE OR DELETE ON bss_catalog_bundleitem FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_part('bss_catalog_productoffering', 'bundle_id', 'launched');
CREATE TRIGGER bss_catalog_guard BEFORE INSERT OR UPDATE OR DELETE ON bss_catalog_allowance_zones FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_zones();
CREATE TRIGGER bss_catalog_guard BEFORE INSERT OR UPDATE OR DELETE ON bss_catalog_timebandhours FOR EACH ROW
    EXECUTE FUNCTION bss_catalog_guard_hours();
"""

BACKWARD = """
DROP TRIGGER bss_catalog_guard ON bss_catalog_productoffering;
DROP TRIGGER bss_catalog_guard ON bss_catalog_offeringprice;
DROP TRIGGER bss_catalog_guard ON bss_catalog_tariff;
DROP TRIGGER bss_catalog_guard ON bss_catalog_pricetier;
DROP TRIGGER bss_catalog_guard ON bss_catalog_tariffrate;
DROP TRIGGER bss_catalog_guard ON bss_catalog_allowance;
DROP TRIGGER bss_catalog_guard ON bss_catalog_bundleitem;
DROP TRIGGER bss_catalog_guard ON bss_catalog_allowance_zones;
DROP TRIGGER bss_catalog_guard ON bss_catalog_timebandhours;
DROP FUNCTION bss_catalog_guard_released();
DROP FUNCTION bss_catalog_guard_part();
DROP FUNCTION bss_catalog_guard_zones();
DROP FUNCTION bss_catalog_guard_hours();
DROP FUNCTION bss_catalog_refuse(text);
"""


class Migration(migrations.Migration):
    dependencies = [("bss_catalog", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
