/** Completion that asks the server what can stand here, columns first. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import type { Completions } from "../../protocol";
import { type Place, placeAt, utf16Units } from "./positions";

export type AskCompletions = (text: string, place: Place) => Promise<Completions | null>;

const WAIT_MS = 80;
const RANK: Record<string, number> = { column: 20, block: 10, variable: 5 };
const ICON: Record<string, string> = {
  column: "property",
  block: "namespace",
  module: "namespace",
};

export function proposals(answer: Completions): Completion[] {
  return answer.items.map((item) => ({
    label: item.label,
    apply: item.apply || item.label,
    type: ICON[item.kind] ?? item.kind,
    detail: item.detail || item.kind,
    boost: RANK[item.kind] ?? 0,
  }));
}

/** Resolves false when the question was overtaken by another key in the meantime. */
function pause(context: CompletionContext): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), WAIT_MS);
    context.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

function isInComment({ state, pos }: CompletionContext): boolean {
  return /comment/i.test(syntaxTree(state).resolveInner(pos, -1).name);
}

function source(ask: AskCompletions) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const typed = context.matchBefore(/[\w.["':]+$/);
    if (!context.explicit && (typed === null || isInComment(context))) {
      return null;
    }
    if (!context.explicit && !(await pause(context))) {
      return null;
    }
    const doc = context.state.doc;
    const place = placeAt(doc, context.pos);
    const answer = await ask(doc.toString(), place).catch(() => null);
    if (answer === null || context.aborted || answer.items.length === 0) {
      return null;
    }
    const line = doc.lineAt(context.pos);
    const start = Math.min(answer.start, place.column);
    return {
      from: line.from + utf16Units(line.text, start),
      options: proposals(answer),
      validFor: /^\w*$/,
    };
  };
}

export function serverCompletion(ask: AskCompletions): Extension {
  return autocompletion({ override: [source(ask)], maxRenderedOptions: 60, closeOnBlur: true });
}
