// Writes src/protocol/generated.ts from the backend's structs; with --check only compares.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const target = join(root, "frontend/src/protocol/generated.ts");
const local = join(root, ".venv/bin/python");
const python = process.env.PYTHON ?? (existsSync(local) ? local : "python3");

const printed = execFileSync(python, ["-m", "headrace.protocol.schema"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 1 << 26,
  env: { ...process.env, PYTHONPATH: join(root, "backend") },
});

/** The generator reads older drafts, where a tuple is `items: [..]` and objects are open unless said. */
function toOlderDraft(_key, value) {
  if (value?.prefixItems !== undefined) {
    const { prefixItems, items: _, ...rest } = value;
    return { ...rest, items: prefixItems, additionalItems: false };
  }
  if (value?.type === "object" && value.properties === undefined && value.$defs === undefined) {
    return { ...value, additionalProperties: value.additionalProperties ?? {} };
  }
  return value;
}

/** A default says what the server does, not what the type is. */
const schema = JSON.parse(printed, toOlderDraft);
for (const definition of Object.values(schema.$defs)) {
  for (const property of Object.values(definition.properties ?? {})) delete property.default;
}

const text = await compile({ ...schema, additionalProperties: false }, "Wire", {
  bannerComment:
    "/** Types of the wire, written by `npm run wire` from backend/headrace/protocol: do not edit. */",
  unreachableDefinitions: true,
  additionalProperties: false,
  style: { printWidth: 100 },
  ignoreMinAndMaxItems: true,
});
const generated = text
  .replace(/export interface Wire \{\}\n/, "")
  .replace(/\/\*\*\n \* This interface was referenced by [^\n]*\n \* via the [^\n]*\n \*\/\n/g, "")
  .replace(/ \*\n \* This interface was referenced by [^\n]*\n \* via the [^\n]*\n/g, "")
  .replace(/^ \* {4,}/gm, " * ");

if (!process.argv.includes("--check")) {
  writeFileSync(target, generated);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== generated) {
  process.stderr.write("The wire types differ from the backend's structs: run `npm run wire`.\n");
  process.exit(1);
}
