/** CodeMirror's language of a block. */
import { python } from "@codemirror/lang-python";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { indentUnit } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import type { Language } from "../../protocol";

const extensions: Record<Language, Extension> = {
  python: [python(), indentUnit.of("    ")],
  sql: [sql({ dialect: PostgreSQL }), indentUnit.of("  ")],
  markdown: [],
  notebook: [],
};

export function languageExtension(language: Language): Extension {
  return extensions[language];
}
