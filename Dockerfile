# syntax=docker/dockerfile:1
# One image for every service and the command line; the first argument says which (deploy/image/opensync).

FROM node:24-bookworm-slim AS base
WORKDIR /app
ENV NPM_CONFIG_FUND=false NPM_CONFIG_AUDIT=false NPM_CONFIG_UPDATE_NOTIFIER=false

# What npm needs to know and nothing else: a change of sources alone installs nothing again.
FROM base AS manifests
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete

FROM base AS dependencies
COPY --from=manifests /app ./
# No package that runs in production has an install script that it needs. What versions differ in lies beside the
# package that needs it, in a node_modules of its own. Of all that, what only compilers and people read is left out, and the
# code of what the programs have in their bundles; typescript comes as the peer of a client that is written in it.
COPY scripts/not-bundled.mjs scripts/prune-image.mjs /tmp/
RUN --mount=type=cache,target=/root/.npm,sharing=locked \
    npm ci --omit=dev --ignore-scripts --workspace=@opensync/opensync --include-workspace-root=false \
 && rm -rf node_modules/.package-lock.json node_modules/.bin node_modules/typescript node_modules/@types \
 && node /tmp/prune-image.mjs \
 && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -path "*/linux/$(node -p process.arch)" -exec rm -rf {} + \
 && find . -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \
      -o \( -name '*.md' ! -iname 'licen[cs]e*' ! -iname 'notice*' \) \) -delete \
 && find . -type f ! -path '*/node_modules/*' -delete \
 && find . -type d -empty -delete

FROM base AS build
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/root/.npm,sharing=locked npm ci --ignore-scripts
COPY tsconfig.base.json package.json package-lock.json ./
COPY libs ./libs
COPY services ./services
COPY scripts ./scripts
COPY apps ./apps
# With the Node of the image: the one that the workspace brings for development is not set up here.
RUN node scripts/bundle.mjs && node apps/console/build.mjs
# What the image consists of, apart from its base.
RUN mkdir /out && node scripts/sbom.mjs --image > /out/sbom.cdx.json
# What runs, and the files that it reads.
RUN cp -r --parents build libs/*/package.json services/*/package.json libs/wrapped-summary/fonts \
      services/query/openapi.json apps/console/dist /out/ \
 && rm -rf /out/libs/testkit

FROM base
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="OpenSync" \
      org.opencontainers.image.description="Every AI coding session of a team: event-sourced over NATS JetStream, searchable by people and agents" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Half of the threads may look up names, and a name of a store that is away takes ten seconds.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3211 OPENSYNC_METRICS_HOST=0.0.0.0 UV_THREADPOOL_SIZE=16
COPY --link --from=dependencies /app ./
COPY --link --from=build /out ./
COPY --link --chmod=0755 deploy/image/opensync deploy/image/healthcheck.mjs /usr/local/bin/
COPY --link deploy/image/*.mjs /usr/local/lib/opensync/
# The documentation that the query service shows.
COPY --link README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md ./
COPY --link docs ./docs
USER node
EXPOSE 3211
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/usr/local/bin/healthcheck.mjs"]
ENTRYPOINT ["opensync"]
CMD ["--help"]
