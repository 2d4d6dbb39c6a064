# One image for the API and for workers: the command says which.
# The base is pinned by exact tag; add its digest where your supply chain demands one.

# What runs. Platform bindings are optional packages: leaving out development packages keeps them.
FROM node:20.20.2-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4600 DATA_DIR=/data
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json /app/package-lock.json /app/LICENSE ./
COPY --from=packages --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/dist ./dist
COPY --from=build --chown=root:root /app/web/dist ./web/dist
COPY --from=build --chown=root:root /app/api/store/migrations ./api/store/migrations
COPY --from=build --chown=root:root /app/tuner/policies ./tuner/policies
COPY --from=build --chown=root:root /app/tuner/scenarios ./tuner/scenarios
RUN install --directory --owner=node --group=node /data && ln -s /app/dist/api/plimsoll.js /usr/local/bin/plimsoll
# The code belongs to root and is read only to the process; it writes to /data and nowhere else.
USER node
VOLUME /data
EXPOSE 4600
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["plimsoll", "serve"]
