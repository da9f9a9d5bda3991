# pgsoak as a container: compiled in one stage, its dependencies installed in another, nothing of either's tools in the
# third. The PostgreSQL servers of `pgsoak demo` and of the tests are not in it.
#
#   docker build -t pgsoak .
#   docker run -v pgsoak-log:/var/lib/pgsoak -v ./pgsoak.toml:/etc/pgsoak/pgsoak.toml:ro -p 6432:6432 pgsoak

ARG NODE_VERSION=26.10.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --workspaces=false
COPY tsconfig.json tsconfig.build.json ./
COPY migrations migrations
COPY src src
RUN npm run build && find dist -name '*.map' -delete

FROM node:${NODE_VERSION}-bookworm-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --workspaces=false --omit=dev --omit=optional

FROM node:${NODE_VERSION}-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/pgsoak
COPY package.json LICENSE ./
COPY --from=dependencies /build/node_modules node_modules
COPY --from=build /build/dist dist
# The log is what the service writes, and all that it writes: the root file system may be read-only.
RUN chmod +x dist/src/main.js \
  && ln -s /opt/pgsoak/dist/src/main.js /usr/local/bin/pgsoak \
  && install -d -o node -g node -m 0700 /var/lib/pgsoak
VOLUME /var/lib/pgsoak
WORKDIR /var/lib/pgsoak
# By number, so that an orchestrator can see that it isn't root.
USER 1000:1000

# Clients, admin console, HTTP API.
EXPOSE 6432 6433 9090
# Alive as long as traffic flows, also while nothing is recorded: a full disk is no reason to end the primary path.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["pgsoak"]
CMD ["serve", "--config", "/etc/pgsoak/pgsoak.toml"]
