/** Tells screen readers how blocks ended: "late ok, 3,716 × 4, 0.2 s". */
import type { Session } from "../../session";
import { announce, failureLine, formatDuration } from "../../ui";
import { shapeWords } from "../results/shape";

export function announceRuns(session: Session): () => void {
  return session.subscribe((event) => {
    if (event.op === "block-finished") {
      const word = event.state === "cached" ? "cached" : "ok";
      const shape = shapeWords(event.output);
      announce(`${event.block} ${word}, ${shape}, ${formatDuration(event.seconds)}`);
    } else if (event.op === "block-failed" && event.retry_at === null) {
      announce(`${event.block} failed: ${failureLine(event.failure)}`);
    } else if (event.op === "run-finished" && event.state === "cancelled") {
      announce("Run stopped");
    }
  });
}
