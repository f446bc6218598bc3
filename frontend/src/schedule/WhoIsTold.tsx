import type { ReactElement } from "react";
import type { Notifications, Notify } from "../protocol";
import { useResource } from "../session";
import { formatDuration, Link } from "../ui";

/** Who hears of the runs of a pipeline, and where the channels are. */
export function WhoIsTold({ pipeline }: { pipeline: string }): ReactElement | null {
  const { data } = useResource(
    "who is told",
    (api, signal) => api.get<Notifications>("notifications", { query: { limit: 1 }, signal }),
    (event) => event.op === "pipelines-changed",
  );
  if (data === undefined) return null;
  const told = data.told[pipeline];
  return (
    <section className="sheet-section" aria-labelledby="who-is-told">
      <h3 id="who-is-told">Notifications</h3>
      {told === undefined ? (
        <p className="muted">
          Nobody is told when a run fails. <Link to="/settings">Channels</Link>
        </p>
      ) : (
        <>
          <ul className="told">
            {wordsOf(told).map(({ when, channels }) => (
              <li key={when}>
                {when}: <strong>{channels.join(", ")}</strong>
              </li>
            ))}
          </ul>
          <Link to="/settings">Test the channels</Link>
        </>
      )}
    </section>
  );
}

function wordsOf(told: Notify): { when: string; channels: readonly string[] }[] {
  const late = told.late_after_s === null ? "" : ` after ${formatDuration(told.late_after_s)}`;
  const all = [
    { when: "When it fails", channels: told.failure },
    { when: "When it recovers", channels: told.recovery },
    { when: `When it is not over${late}`, channels: told.late },
    { when: "When it succeeds for the first time", channels: told.first_success },
  ];
  return all.filter(({ channels }) => channels.length > 0);
}
