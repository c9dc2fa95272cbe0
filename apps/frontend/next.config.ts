import type { NextConfig } from "next";

const securityHeaders = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=()" },
];

// Next.js counts these as needed wherever it is used; here they are 26 MB that no request touches: what makes images smaller, the edge
// runtime, experimental React, React for a browser without a server, and what the development server, telemetry and downloads need.
const UNUSED_AT_RUN_TIME = [
  "node_modules/sharp/**",
  "node_modules/@img/**",
  "node_modules/next/dist/server/capsize-font-metrics.json",
  "node_modules/next/dist/server/font-utils.js",
  "node_modules/next/dist/compiled/@edge-runtime/primitives/**",
  "node_modules/next/dist/compiled/edge-runtime/**",
  "node_modules/next/dist/compiled/next-server/app-page-turbo-experimental.runtime.prod.js",
  "node_modules/next/dist/compiled/@mswjs/**",
  "node_modules/next/dist/compiled/conf/**",
  "node_modules/next/dist/compiled/tar/**",
  "node_modules/next/dist/server/dev/hot-reloader-turbopack.js",
  "node_modules/next/dist/server/dev/hot-reloader-webpack.js",
  "node_modules/react-dom/cjs/react-dom-server.browser.production.js",
];

const config: NextConfig = {
  output: "standalone",
  // The folder itself is the project, wherever it stands: a lock file further up must not change what is traced.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  // The development server reloads pages of its own host name only, which a NodePort's address is not.
  allowedDevOrigins: ["127.0.0.1"],
  images: { unoptimized: true },
  outputFileTracingExcludes: { "**": UNUSED_AT_RUN_TIME },
  // The container's root is read-only: nothing is written to .next/cache at run time.
  experimental: { isrFlushToDisk: false },
  poweredByHeader: false,
  headers: () => Promise.resolve([{ source: "/:path*", headers: securityHeaders }]),
};

export default config;
