"""The view behind TMF639: each branch reads one table, so that a page of newest rows is merged from their keys."""

from django.db import migrations, models

VIEW = """
CREATE VIEW oss_addressing_resource AS
SELECT e.id, 'element'::text AS kind, e.created, e.updated, e.version, e.name::text AS name, e.role::text AS category,
    CASE e.status WHEN 'in_service' THEN 'unlocked' WHEN 'maintenance' THEN 'shutdown' ELSE 'locked' END AS administrative,
    CASE WHEN e.status IN ('in_service', 'maintenance') THEN 'enable' ELSE 'disable' END AS operational,
    CASE WHEN e.status IN ('in_service', 'maintenance') THEN 'active' ELSE 'idle' END AS usage,
    CASE e.status WHEN 'in_service' THEN 'available' WHEN 'maintenance' THEN 'suspended'
        WHEN 'retired' THEN 'unknown' ELSE 'standby' END AS status,
    e.device_type_id AS specification_id, e.location_id, NULL::uuid AS parent, NULL::uuid AS end_a, NULL::uuid AS end_b,
    jsonb_strip_nulls(jsonb_build_object('role', e.role, 'lifecycle', e.status, 'criticality', e.criticality,
        'softwareVersion', nullif(e.software_version, ''), 'serialNumber', nullif(e.serial, ''),
        'managementAddress', host(e.management_address))) AS characteristics
FROM oss_inventory_networkelement e
UNION ALL
SELECT p.id, 'port', p.created, p.updated, p.version, p.name::text, 'port',
    CASE WHEN p.admin_enabled THEN 'unlocked' ELSE 'locked' END,
    CASE p.oper_state WHEN 'up' THEN 'enable' WHEN 'down' THEN 'disable' ELSE '' END,
    CASE WHEN p.usage = 'in_use' THEN 'busy' ELSE 'idle' END,
    CASE p.usage WHEN 'free' THEN 'available' WHEN 'faulty' THEN 'alarm' ELSE 'reserved' END,
    NULL, (SELECT e.location_id FROM oss_inventory_networkelement e WHERE e.id = p.element_id), p.element_id, NULL, NULL,
    jsonb_strip_nulls(jsonb_build_object('speedMbps', p.speed_mbps, 'media', p.media, 'serves', p.kind,
        'ifIndex', p.if_index, 'usage', p.usage))
FROM oss_inventory_port p
UNION ALL
SELECT l.id, 'link', l.created, l.updated, l.version, l.name::text, 'link',
    CASE l.status WHEN 'in_service' THEN 'unlocked' ELSE 'locked' END,
    CASE WHEN l.status <> 'in_service' OR EXISTS (SELECT FROM oss_inventory_port p
        WHERE p.id IN (l.port_a_id, l.port_b_id) AND p.oper_state = 'down') THEN 'disable' ELSE 'enable' END,
    CASE l.status WHEN 'in_service' THEN 'active' ELSE 'idle' END,
    CASE l.status WHEN 'in_service' THEN 'available' WHEN 'planned' THEN 'standby' ELSE 'unknown' END,
    NULL, NULL, NULL, l.port_a_id, l.port_b_id,
    jsonb_strip_nulls(jsonb_build_object('medium', l.medium, 'lengthM', l.length_m, 'capacityMbps', l.capacity_mbps))
FROM oss_inventory_link l
UNION ALL
SELECT a.id, 'address', a.created, a.updated, a.version, host(a.address), 'address', 'unlocked', 'enable',
    CASE a.status WHEN 'assigned' THEN 'busy' ELSE 'idle' END,
    CASE a.status WHEN 'free' THEN 'available' ELSE 'reserved' END,
    NULL, NULL, NULL, NULL, NULL,
    jsonb_build_object('prefix', (SELECT p.cidr::text FROM oss_addressing_prefix p WHERE p.id = a.prefix_id))
FROM oss_addressing_address a
UNION ALL
SELECT v.id, 'vlan', v.created, v.updated, v.version, v.vid::text, 'vlan', 'unlocked', 'enable',
    CASE v.status WHEN 'assigned' THEN 'busy' ELSE 'idle' END,
    CASE v.status WHEN 'free' THEN 'available' ELSE 'reserved' END,
    NULL, NULL, (SELECT g.element_id FROM oss_addressing_vlangroup g WHERE g.id = v.group_id), NULL, NULL,
    jsonb_build_object('group', (SELECT g.name FROM oss_addressing_vlangroup g WHERE g.id = v.group_id))
FROM oss_addressing_vlan v
UNION ALL
SELECT n.id, 'number', n.created, n.updated, n.version, n.e164::text, 'number', 'unlocked', 'enable',
    CASE n.status WHEN 'assigned' THEN 'busy' ELSE 'idle' END,
    CASE n.status WHEN 'free' THEN 'available' WHEN 'quarantined' THEN 'suspended' ELSE 'reserved' END,
    NULL, NULL, NULL, NULL, NULL,
    jsonb_build_object('range', (SELECT r.name FROM oss_addressing_numberrange r WHERE r.id = n.range_id))
FROM oss_addressing_telephonenumber n
"""


class Migration(migrations.Migration):
    dependencies = [("oss_addressing", "0002_guards")]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW oss_addressing_resource"),
        migrations.CreateModel(
            name="Resource",
            fields=[("id", models.UUIDField(primary_key=True, serialize=False))],
            options={
                "verbose_name": "resource",
                "verbose_name_plural": "resources",
                "db_table": "oss_addressing_resource",
                "managed": False,
                "base_manager_name": "objects",
            },
        ),
    ]
