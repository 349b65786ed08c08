# kinglet with everything that it runs on, in one image. It needs --privileged, as every Kubernetes node in a container does:
#   docker build -t kinglet . && docker run -d --privileged --name kinglet -p 6443:6443 -v kinglet:/var/lib/kinglet kinglet
#   docker exec kinglet kinglet kubeconfig
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm ca-certificates
WORKDIR /opt/kinglet
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=peer
COPY . .
RUN node_modules/node-linux-*/bin/node scripts/build.mjs && npm prune --omit=dev

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends containerd runc containernetworking-plugins nftables iproute2 ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/kinglet /opt/kinglet
RUN ln -s /opt/kinglet/scripts/kinglet /usr/local/bin/kinglet
VOLUME /var/lib/kinglet
EXPOSE 6443
ENTRYPOINT ["kinglet"]
CMD ["server"]
