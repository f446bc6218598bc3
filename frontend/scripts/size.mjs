// Bytes and requests of the first page: fails above the budget. Run after `npm run build`.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 400_000;
const BUDGET_REQUESTS = 12;
const assets = join(
  dirname(fileURLToPath(import.meta.url)),
  "../../backend/headrace/static/assets",
);
/** Chunks that opening a pipeline fetches; the others wait until they are wanted. */
const FIRST = /^(index|rolldown-runtime|react|codemirror|ui|editor|data|preload-helper)[-.]/;

const files = readdirSync(assets).filter((name) => FIRST.test(name) && !name.endsWith(".gz"));
let total = 0;
for (const name of files) {
  const bytes = gzipSync(readFileSync(join(assets, name))).length;
  total += bytes;
  process.stdout.write(`${String(bytes).padStart(8)}  ${name}\n`);
}
process.stdout.write(`${String(total).padStart(8)}  ${files.length + 1} requests with the page\n`);
if (total > BUDGET_BYTES || files.length + 1 > BUDGET_REQUESTS) {
  process.stderr.write(`More than ${BUDGET_BYTES} bytes or ${BUDGET_REQUESTS} requests.\n`);
  process.exitCode = 1;
}
