/** What the server says about lines: diagnostics with quick fixes, and where the last run failed. */
import {
  closeLintPanel,
  lintGutter,
  type Diagnostic as Mark,
  setDiagnostics,
} from "@codemirror/lint";
import { type Extension, RangeSet, StateEffect, StateField, type Text } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import type { Diagnostic, Fix } from "../../protocol";
import { offsetOf } from "./positions";

export interface FailedLine {
  line: number;
  message: string;
}

export function markOf(doc: Text, diagnostic: Diagnostic, onFix: (fix: Fix) => void): Mark {
  const from = offsetOf(doc, { line: diagnostic.line ?? 1, column: diagnostic.column ?? 0 });
  const line = doc.lineAt(from);
  const to =
    diagnostic.end_line == null
      ? line.to
      : offsetOf(doc, { line: diagnostic.end_line, column: diagnostic.end_column ?? 0 });
  return {
    from: Math.min(from, to),
    to: Math.max(from, to),
    severity: diagnostic.severity,
    message: diagnostic.message,
    actions: (diagnostic.fixes ?? []).map((fix) => ({
      name: fix.title,
      apply: (view) => {
        closeLintPanel(view);
        view.focus();
        onFix(fix);
      },
    })),
  };
}

export function showDiagnostics(
  view: EditorView,
  diagnostics: readonly Diagnostic[],
  onFix: (fix: Fix) => void,
): void {
  const doc = view.state.doc;
  const marks = diagnostics.map((diagnostic) => markOf(doc, diagnostic, onFix));
  view.dispatch(setDiagnostics(view.state, marks));
}

class FailedMessage extends WidgetType {
  readonly message: string;

  constructor(message: string) {
    super();
    this.message = message;
  }

  override eq(other: FailedMessage): boolean {
    return other.message === this.message;
  }

  override toDOM(): HTMLElement {
    const dom = document.createElement("div");
    dom.className = "cm-failed-message";
    dom.textContent = this.message;
    return dom;
  }
}

const setFailedLine = StateEffect.define<FailedLine | null>();

function decorate(doc: Text, failed: FailedLine | null): DecorationSet {
  if (failed === null || failed.line < 1 || failed.line > doc.lines) {
    return Decoration.none;
  }
  const line = doc.line(failed.line);
  return RangeSet.of([
    Decoration.line({ class: "cm-failed-line" }).range(line.from),
    Decoration.widget({ widget: new FailedMessage(failed.message), block: true, side: 1 }).range(
      line.to,
    ),
  ]);
}

export const failedLine: StateField<DecorationSet> = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setFailedLine)) {
        return decorate(transaction.state.doc, effect.value);
      }
    }
    return shown.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

export function showFailedLine(view: EditorView, failed: FailedLine | null): void {
  view.dispatch({ effects: setFailedLine.of(failed) });
}

export const lineMarks: Extension = [lintGutter(), failedLine];
