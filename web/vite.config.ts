import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const target = "../src/qipan/assembly/static/built";

/** WhiteNoise serves `x.js.gz` to whoever takes it; a village's line is slow. */
function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    closeBundle() {
      const folder = join(import.meta.dirname, target, "assets");
      for (const name of readdirSync(folder)) {
        if (/\.(m?js|css|svg)$/.test(name)) {
          const path = join(folder, name);
          writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        }
      }
    },
  };
}

export default defineConfig({
  base: "./",
  logLevel: "warn",
  plugins: [compress()],
  build: {
    outDir: target,
    emptyOutDir: true,
    target: "es2022",
    // Names carry a hash, so browsers keep them for ever; Django finds them in the manifest ({% asset "app.js" %}).
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      // The service worker is started by what imports it.
      preserveEntrySignatures: "exports-only",
      input: {
        app: "src/app.ts",
        board: "src/board/board.ts",
        charts: "src/board/charts/charts.ts",
        field: "src/field/field.ts",
        "field-worker": "src/field/sw.ts",
        "field-style": "src/styles/field.css",
        wall: "src/board/wall.ts",
        style: "src/styles/app.css",
        "board-style": "src/styles/board.css",
        "wall-style": "src/styles/wall.css",
        "charts-style": "src/styles/charts.css",
        paper: "src/styles/paper.css",
        fonts: "src/styles/fonts.css",
      },
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
} as import("vite").UserConfig);
