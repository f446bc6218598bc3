/** The tables that a SQL text reads while it is typed: by its words alone, as it seldom parses yet. */
import { ensureSyntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";

interface Word {
  text: string;
  /** A name or keyword, neither a string nor punctuation. */
  isName: boolean;
}

const LONGEST = 100_000;
const PATIENCE_MS = 10;
const SILENT = new Set(["LineComment", "BlockComment", "Whitespace"]);
const TABLE_FOLLOWS = new Set(["from", "join"]);
/** After these a comma separates no tables any more. */
const LIST_ENDS = new Set(
  "select where group order having limit union intersect except qualify on using window".split(" "),
);

/** The names behind FROM and JOIN, in lower case and without those that a WITH defines. */
export function tablesRead(state: EditorState): string[] {
  if (state.doc.length > LONGEST) return [];
  const words = wordsOf(state);
  const defined = new Set(
    words.filter((_, at) => isDefined(words, at)).map((word) => nameOf(word.text)),
  );
  const found = new Set<string>();
  const inList: boolean[] = [];
  let depth = 0;
  let wanted = false;
  words.forEach(({ text, isName }, at) => {
    const lower = text.toLowerCase();
    if (text === "(") depth += 1;
    else if (text === ")") depth = Math.max(0, depth - 1);
    else if (text === ",") wanted = inList[depth] ?? false;
    else if (wanted && isName && !isPart(words[at + 1]?.text)) found.add(nameOf(text));
    if (isName && TABLE_FOLLOWS.has(lower)) inList[depth] = wanted = true;
    else if (text !== ",") wanted = false;
    if (text === "(" || LIST_ENDS.has(lower)) inList[depth] = false;
  });
  return [...found].filter((name) => !defined.has(name));
}

/** `name (…)` is a function, and `name.other` a table of another schema. */
function isPart(next: string | undefined): boolean {
  return next === "(" || next === ".";
}

/** `name as (` is a table of the text itself. */
function isDefined(words: readonly Word[], at: number): boolean {
  if (words[at]?.isName !== true || words[at + 1]?.text.toLowerCase() !== "as") return false;
  const next = words.slice(at + 2, at + 5).map(({ text }) => text.toLowerCase());
  const head = next.filter((text) => text !== "not" && text !== "materialized");
  return head[0] === "(";
}

function nameOf(text: string): string {
  const quote = text[0] === '"' || text[0] === "`";
  return (quote ? text.slice(1, -1) : text).toLowerCase();
}

function wordsOf(state: EditorState): Word[] {
  const tree = ensureSyntaxTree(state, state.doc.length, PATIENCE_MS);
  const words: Word[] = [];
  tree?.iterate({
    enter: (node) => {
      if (node.node.firstChild !== null || SILENT.has(node.name)) return;
      const text = state.sliceDoc(node.from, node.to);
      if (node.from === node.to) return;
      words.push({ text, isName: /^[\p{L}_"`]/u.test(text) && node.name !== "String" });
    },
  });
  return words;
}
