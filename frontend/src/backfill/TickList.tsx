import type { ReactElement } from "react";
import type { PastTick } from "../protocol";
import { formatCount, Link } from "../ui";
import { StateMark } from "./Calendar";
import { dayInWords, STATE_WORDS } from "./calendar";

const SHOWN = 100;

interface TickListProps {
  title: string;
  ticks: readonly PastTick[];
  /** How many there are; not all of them need be among `ticks`. */
  total: number;
  pipeline: string;
}

/** Ticks one by one: when they were due in their zone, what became of them, and their runs. */
export function TickList({ title, ticks, total, pipeline }: TickListProps): ReactElement {
  const shown = ticks.slice(0, SHOWN);
  return (
    <section className="tick-list" aria-label={title}>
      <h3>{title}</h3>
      <ol>
        {shown.map((tick) => (
          <li key={tick.at}>
            <time dateTime={tick.at} title={tick.at}>
              {tickInWords(tick.local)}
            </time>
            <span className="ellipsis" title={tick.reason ?? undefined}>
              <StateMark state={tick.state} />{" "}
              {tick.run === null ? (
                STATE_WORDS[tick.state]
              ) : (
                <Link to={`/p/${pipeline}/runs/${tick.run}`}>{STATE_WORDS[tick.state]}</Link>
              )}
              {tick.reason === null ? null : <span className="muted">: {tick.reason}</span>}
            </span>
          </li>
        ))}
      </ol>
      {total > shown.length ? (
        <p className="muted">and {formatCount(total - shown.length)} more</p>
      ) : null}
    </section>
  );
}

/** "Fri 20 Nov 06:00" of the clocks of the zone, whatever zone the reader is in. */
function tickInWords(local: string): string {
  const [weekday = "", day = "", month = ""] = dayInWords(local.slice(0, 10)).split(" ");
  return `${weekday} ${day} ${month.slice(0, 3)} ${local.slice(11, 16)}`;
}
