import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

/** Names code for screen readers, and lets the keyboard into it also when it is only read. */
export function labelled(label: string): Extension {
  return EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" });
}
