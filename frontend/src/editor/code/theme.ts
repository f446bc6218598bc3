/** Colours of code, from the tokens of the page: light and dark need no second theme. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.comment, tags.docComment], color: "var(--code-comment)", fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.meta],
    color: "var(--code-function)",
  },
  {
    tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)],
    color: "var(--code-function)",
    fontWeight: "600",
  },
  { tag: [tags.typeName, tags.className, tags.standard(tags.name)], color: "var(--code-type)" },
  { tag: tags.special(tags.name), color: "var(--code-number)" },
  { tag: tags.invalid, color: "var(--failed)" },
]);

const surface = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    lineHeight: "19px",
    maxHeight: "60vh",
    overflow: "auto",
  },
  ".cm-content": { padding: "8px 0", caretColor: "var(--text)", maxWidth: "110ch" },
  ".cm-line": { padding: "0 12px 0 8px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--muted)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "26px", padding: "0 4px 0 4px" },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-lint-marker": { width: "10px", height: "10px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "var(--code-active-line)" },
  "&.cm-focused .cm-activeLineGutter": { color: "var(--text)" },
  "&.cm-focused .cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "var(--code-selection)",
  },
  ".cm-selectionBackground": { background: "var(--code-selection)" },
  ".cm-selectionMatch": { backgroundColor: "var(--code-match)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--code-match)",
    outline: "1px solid var(--border-strong)",
  },
  "&.cm-focused .cm-nonmatchingBracket": { color: "var(--failed)" },
  ".cm-searchMatch": { backgroundColor: "var(--stale-soft)", outline: "1px solid var(--stale)" },
  ".cm-panels": {
    backgroundColor: "var(--sunken)",
    color: "var(--text)",
    borderColor: "var(--border)",
  },
  ".cm-panel.cm-search": { padding: "6px 8px", fontFamily: "inherit" },
  ".cm-textfield, .cm-button": {
    backgroundColor: "var(--surface)",
    backgroundImage: "none",
    color: "var(--text)",
    border: "1px solid var(--border-strong)",
    borderRadius: "4px",
    fontSize: "12px",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--border-strong)",
    borderRadius: "6px",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12px" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "18px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal", marginLeft: "12px" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)" },
  ".cm-panel.cm-panel-lint": { fontFamily: "var(--font)" },
  ".cm-panel.cm-panel-lint ul [aria-selected], .cm-panel.cm-panel-lint ul:focus [aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".cm-panel.cm-panel-lint button[name=close]": { color: "var(--muted)" },
  ".cm-diagnostic": { padding: "6px 10px", fontSize: "13px", borderLeftWidth: "3px" },
  ".cm-diagnosticAction": {
    backgroundColor: "var(--surface)",
    color: "var(--accent)",
    border: "1px solid var(--border-strong)",
    borderRadius: "4px",
    padding: "2px 8px",
    cursor: "pointer",
  },
  ".cm-failed-line": { backgroundColor: "var(--failed-soft)" },
  ".cm-failed-message": {
    display: "block",
    padding: "2px 12px 4px 8px",
    color: "var(--failed)",
    backgroundColor: "var(--failed-soft)",
    fontFamily: "var(--font)",
    fontSize: "12px",
    whiteSpace: "pre-wrap",
  },
  ".cm-placeholder": { color: "var(--muted)" },
});

export const codeTheme: Extension = [surface, syntaxHighlighting(highlighting)];
