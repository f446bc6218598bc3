import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Server that `npm run dev` hands API requests to. */
const backend = process.env["HEADRACE_URL"] ?? "http://127.0.0.1:8642";

/** What is needed together comes together: two chunks of packages, one of ours. */
const FIRST_PAGE: [string, RegExp][] = [
  ["react", /node_modules\/(react|react-dom|scheduler|zustand|lucide-react)\//],
  [
    "codemirror",
    /node_modules\/(@codemirror\/(?!merge)|@lezer\/|style-mod\/|w3c-keyname\/|crelt\/|@marijn\/)/,
  ],
  ["ui", /frontend\/src\/(ui|log|session|client|protocol)\/.*\.tsx?$/],
];

/** Smaller files gain nothing. */
const COMPRESSED_FROM_BYTES = 1024;

/** Writes `x.js.gz` beside `x.js`: the server hands out files and compresses nothing itself. */
function compress(): Plugin {
  return {
    name: "compress",
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const content = readFileSync(join(dir, name));
        if (content.length < COMPRESSED_FROM_BYTES) continue;
        const level = constants.Z_BEST_COMPRESSION;
        writeFileSync(join(dir, `${name}.gz`), gzipSync(content, { level }));
      }
    },
  };
}

export default defineConfig({
  root: "frontend",
  base: "/",
  plugins: [react(), compress()],
  experimental: {
    // Chunks name one another relatively, so that the server can mount the app below any path.
    renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `/${file}` : { relative: true }),
  },
  build: {
    outDir: "../backend/headrace/static",
    emptyOutDir: true,
    assetsDir: "assets",
    // Nothing is written into the page or the styles: the content policy allows files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            ...FIRST_PAGE.map(([name, test]) => ({ name, test })),
            // Only these: with what they need, other pages would need them as well.
            {
              name: "editor",
              test: /frontend\/src\/(editor\/(?!code\/Difference)|data\/)|@uwdata\/flechette\//,
              includeDependenciesRecursively: false,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: { "/api": { target: backend, ws: true }, "/login": backend },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    environment: "node",
    // Other tests run beside these, on all cores.
    testTimeout: 60_000,
  },
});
