# slipway as an image: `runner` (the default), `backup`, `slim`. docs/deploy/docker.md says what is in each, and why.
# Both bases must be of one Debian release, since `backup` takes programs from the one to libraries of the other.
ARG NODE_IMAGE=node:26-trixie-slim@sha256:ec7758ee051e457b468b32bde57b0879010b325bb9862718e9615225ce4aaae1
ARG POSTGRES_IMAGE=postgres:18-trixie@sha256:86c951e05bf56c93d95d397747fb8820ac76cc3bedb78f43abd83eedbe3666ae
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z

# The bundle: JavaScript, the same for every processor.
FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts

# Everything that `runner` has, below /image.
FROM ${NODE_IMAGE} AS files
RUN apt-get -q update && apt-get -qy install --no-install-recommends binutils ca-certificates mksh
COPY scripts/image/copy-programs.sh /usr/local/bin/
COPY --from=build /src/dist /image/opt/slipway/dist
COPY --from=build /src/node_modules/better-sqlite3 /packages/better-sqlite3
COPY --from=build /src/node_modules/libpg-query /packages/libpg-query
COPY --from=build /src/node_modules/@pgsql/types /packages/@pgsql/types
COPY package.json LICENSE /image/opt/slipway/
COPY migrations /image/opt/slipway/example/migrations
COPY --chmod=755 docker-entrypoint.sh /image/opt/slipway/bin/
RUN set -eu; cd /image; \
    # Only what is loaded: no types; of eight builds of SQLite this processor's, no sources.
    find opt/slipway/dist -name '*.d.ts' -delete; \
    find opt/slipway/dist -type d -empty -delete; \
    modules=opt/slipway/node_modules; \
    mkdir -p "$modules/better-sqlite3/prebuilds" "$modules/libpg-query" "$modules/@pgsql/types"; \
    cd /packages/better-sqlite3; cp -r package.json LICENSE lib "/image/$modules/better-sqlite3/"; \
    cp "prebuilds/$(node -p '`${process.platform}-${process.arch}`').node" "/image/$modules/better-sqlite3/prebuilds/"; \
    cd /packages/libpg-query; cp -r package.json LICENSE wasm "/image/$modules/libpg-query/"; \
    cd /packages/@pgsql/types; cp package.json LICENSE *.js "/image/$modules/@pgsql/types/"; \
    cd /image; \
    printf '#!/bin/sh\nexec node /opt/slipway/dist/slipway.cjs "$@"\n' > opt/slipway/bin/slipway; \
    chmod 755 opt/slipway/bin/slipway; \
    # Compiled by the Node that will load it (docs/speed.md); the seed makes the same bytes every time.
    node --random-seed=1 opt/slipway/dist/precompile.cjs; \
    node opt/slipway/dist/slipway.cjs manifest --dir opt/slipway/example/migrations; \
    # A tenth less to pull: nobody debugs Node itself here.
    strip "$modules"/better-sqlite3/prebuilds/*.node; \
    strip -o /tmp/node /usr/local/bin/node && chmod 755 /tmp/node && mv /tmp/node /usr/local/bin/node; \
    # SQLite loads no library that Node does not.
    copy-programs.sh /image /nowhere /usr/local/bin/node; \
    mkdir -p bin etc/ssl/certs app; \
    cp -L /usr/bin/mksh-static bin/sh; \
    cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/; \
    # Programs look themselves up by name; without the last one /etc/hosts would not be read.
    printf 'root:x:0:0::/:/bin/sh\nslipway:x:65532:65532::/app:/bin/sh\n' > etc/passwd; \
    printf 'root:x:0:\nslipway:x:65532:\n' > etc/group; \
    printf 'hosts: files dns\n' > etc/nsswitch.conf; \
    install -d -m 1777 tmp

# What `down --backup` calls, and what is good to have beside it.
FROM ${POSTGRES_IMAGE} AS clients
COPY --from=files /image /base
COPY scripts/image/copy-programs.sh /usr/local/bin/
RUN set -eu; cd /usr/lib/postgresql/*/bin; mkdir -p /image/usr/local/bin; \
    for program in pg_dump pg_restore psql pg_isready; do \
      cp "$program" "/usr/local/bin/$program"; \
      copy-programs.sh /image /base "/usr/local/bin/$program"; \
    done

FROM scratch AS minimal
COPY --from=files /image /
ENV PATH=/opt/slipway/bin:/usr/local/bin:/bin NODE_ENV=production SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /app
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["up"]
ARG NODE_IMAGE
ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title=slipway \
      org.opencontainers.image.description="Migrates the database before the app starts" \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.created=$CREATED \
      org.opencontainers.image.base.name=$NODE_IMAGE

# With a shell and Debian's tools, to look around in.
FROM ${NODE_IMAGE} AS slim
COPY --from=files /image/opt/slipway /opt/slipway
COPY --from=files /image/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
ENV PATH=/opt/slipway/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
WORKDIR /app
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["up"]
ARG NODE_IMAGE
ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title=slipway \
      org.opencontainers.image.description="Migrates the database before the app starts" \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.created=$CREATED \
      org.opencontainers.image.base.name=$NODE_IMAGE

FROM minimal AS backup
COPY --from=clients /image /

# The last one is what a build without --target makes.
FROM minimal AS runner
