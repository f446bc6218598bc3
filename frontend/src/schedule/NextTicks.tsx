import type { ReactElement } from "react";
import type { Tick } from "../protocol";
import { TimeAgo } from "../ui";
import type { Preview } from "./usePreview";

/** The next moments on the wall clock of the zone, with what clock changes do to them. */
export function NextTicks({ preview }: { preview: Preview }): ReactElement {
  const { ticks, error } = preview;
  return (
    <section className="next-ticks" aria-label="Next starts">
      <h3>{ticks.length === 1 ? "Next" : `Next ${ticks.length || 5}`}</h3>
      {error === undefined ? null : <p className="field-error">{error}</p>}
      <ol>
        {ticks.map((tick, index) => (
          <li key={tick.at}>
            <code title={tick.at}>{localWords(tick)}</code>
            {tick.note !== "" ? (
              <span className="tick-note">{tick.note}</span>
            ) : index === 0 ? (
              <span className="muted">
                <TimeAgo at={tick.at} />
              </span>
            ) : null}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** "Sat 27 Mar 02:30" of the zone's own wall clock, whatever zone the reader is in. */
export function localWords({ local }: Tick): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d)(:\d\d)?/.exec(local);
  if (match === null) return local;
  const [, year, month, day, time = "", seconds = ""] = match;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const words = date.toLocaleDateString("en-GB", {
    timeZone: "UTC",
    weekday: "short",
    day: "2-digit",
    month: "short",
  });
  return `${words.replace(",", "")} ${time}${seconds === ":00" ? "" : seconds}`;
}
