/** Which tabs the result of a block has, and which of them is open. */
import type { BlockStatus } from "../../protocol";
import { checksOf } from "../../session";
import type { EditorState, Tab } from "../page/model";

export interface TabItem {
  id: Tab;
  label: string;
}

export function tabsOf(status: BlockStatus): TabItem[] {
  const { output, displays, log_bytes, log_tail } = status;
  const checks = checksOf(status);
  const tabs: TabItem[] = [];
  if (output !== null && output.kind !== "nothing") tabs.push({ id: "preview", label: "Preview" });
  if (displays.length > 0) tabs.push({ id: "display", label: `Shown (${displays.length})` });
  if (log_bytes > 0 || log_tail !== "") {
    tabs.push({ id: "logs", label: `Logs (${lineCount(log_tail)})` });
  }
  if ((output?.columns.length ?? 0) > 0) tabs.push({ id: "schema", label: "Schema" });
  if (checks.length > 0) tabs.push({ id: "checks", label: checksLabel(checks) });
  return tabs;
}

/** The chosen tab while it exists; else what was shown on purpose, else the first. */
export function openTab(
  tabs: readonly TabItem[],
  chosen: EditorState["tabs"][string] | undefined,
): Tab | null {
  if (chosen === "none") return null;
  const known = tabs.find((tab) => tab.id === chosen);
  const shown = tabs.find((tab) => tab.id === "display");
  return (known ?? shown ?? tabs[0])?.id ?? null;
}

function lineCount(text: string): number {
  return text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
}

function checksLabel(checks: BlockStatus["checks"]): string {
  const passed = checks.filter((check) => check.state === "passed").length;
  return passed === checks.length ? `Checks ${passed} ✓` : `Checks ${passed}/${checks.length}`;
}
