import {
  Ban,
  Check,
  CircleDashed,
  CircleHelp,
  Clock3,
  LoaderCircle,
  type LucideIcon,
  Slash,
  Square,
  X,
} from "lucide-react";
import { type KeyboardEvent, type ReactElement, useRef, useState } from "react";
import type { PastDay, PastState } from "../protocol";
import { classes } from "../ui";
import {
  addDays,
  countsInWords,
  dayInWords,
  monthInWords,
  type Span,
  STATE_WORDS,
  STATES,
  STEPS,
  spanOf,
  stateOfDay,
  totalOf,
  weeksOf,
} from "./calendar";

const ICONS: Readonly<Record<PastState, LucideIcon>> = {
  failed: X,
  missing: CircleDashed,
  cancelled: Square,
  running: LoaderCircle,
  waiting: Clock3,
  skipped: Slash,
  forgotten: CircleHelp,
  succeeded: Check,
};
const WEEKDAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

interface CalendarProps {
  /** Such as "2026-11", oldest first. */
  months: readonly string[];
  days: readonly PastDay[];
  /** No later day can be chosen. */
  today: string;
  span: Span;
  onSpan(span: Span): void;
}

/**
 * Months with what became of each day's ticks. A span is chosen by dragging, by a click on its first
 * and a click with Shift on its last day, or by arrow keys, with Shift to stretch it.
 */
export function Calendar({ months, days, today, span, onSpan }: CalendarProps): ReactElement {
  const known = new Map(days.map(({ day, counts }) => [day, counts]));
  const [focused, setFocused] = useState<string | null>(null);
  const anchor = useRef(span.from);
  const dragging = useRef(false);
  const root = useRef<HTMLDivElement>(null);
  const first = `${months[0]}-01`;
  const shown = (day: string): boolean =>
    day >= first && day <= today && months.includes(day.slice(0, 7));
  // One day of all months takes part in the order of Tab.
  const reachable = [focused, span.to, today].find((day) => day !== null && shown(day)) ?? first;

  const choose = (day: string, stretch: boolean): void => {
    if (!stretch) anchor.current = day;
    onSpan(spanOf(anchor.current, day));
  };
  const handleKey = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const day = addDays(reachable, step);
    if (!shown(day)) return;
    setFocused(day);
    root.current?.querySelector<HTMLElement>(`[data-day="${day}"]`)?.focus();
    if (event.shiftKey) choose(day, true);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and drags of the days in it
    <div
      ref={root}
      className="months"
      onKeyDown={handleKey}
      onPointerUp={() => {
        dragging.current = false;
      }}
      onPointerLeave={() => {
        dragging.current = false;
      }}
    >
      {months.map((month) => (
        <table key={month} className="month">
          <caption>{monthInWords(month)}</caption>
          <thead>
            <tr>
              {WEEKDAYS.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {weeksOf(month).map((week, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a week of a month has its place
              <tr key={row}>
                {week.map((day, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a day of a week has its place
                  <td key={column}>
                    {day === null ? null : (
                      <DayCell
                        day={day}
                        counts={known.get(day)}
                        future={day > today}
                        chosen={day >= span.from && day <= span.to}
                        reachable={day === reachable}
                        onFocus={() => setFocused(day)}
                        onPress={(stretch) => {
                          dragging.current = true;
                          choose(day, stretch);
                        }}
                        onDrag={() => dragging.current && choose(day, true)}
                        onChoose={(stretch) => choose(day, stretch)}
                      />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </div>
  );
}

interface DayCellProps {
  day: string;
  counts: Readonly<Record<string, number>> | undefined;
  future: boolean;
  chosen: boolean;
  reachable: boolean;
  onFocus(): void;
  onPress(stretch: boolean): void;
  onDrag(): void;
  /** By keyboard. */
  onChoose(stretch: boolean): void;
}

function DayCell(props: DayCellProps): ReactElement {
  const { day, counts, future, chosen, reachable } = props;
  const state = stateOfDay(counts);
  const total = counts === undefined ? 0 : totalOf(counts);
  const words = future ? "still to come" : countsInWords(counts ?? {});
  return (
    <button
      type="button"
      className={classes("month-day", chosen && "month-day-chosen")}
      data-day={day}
      data-state={state ?? undefined}
      data-tip={`${dayInWords(day)}: ${words}`}
      aria-label={`${dayInWords(day)}: ${words}`}
      aria-pressed={chosen}
      disabled={future}
      tabIndex={reachable ? 0 : -1}
      onFocus={props.onFocus}
      onPointerDown={(event) => {
        // A finger or pen would hold on to the day that it began on.
        event.currentTarget.releasePointerCapture(event.pointerId);
        if (event.button === 0) props.onPress(event.shiftKey);
      }}
      onPointerEnter={props.onDrag}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        props.onChoose(event.shiftKey);
      }}
    >
      <span>{Number(day.slice(8))}</span>
      {state === null ? null : (
        <span className="month-day-state">
          <StateMark state={state} />
          {total > 1 ? (total > 999 ? "1k+" : total) : null}
        </span>
      )}
    </button>
  );
}

export function StateMark({ state }: { state: PastState }): ReactElement {
  const Icon = ICONS[state] ?? Ban;
  return <Icon size={12} aria-hidden="true" className="state-mark" data-state={state} />;
}

/** Which sign stands for what, with how many there are in the chosen span. */
export function Legend({ counts }: { counts: Readonly<Record<string, number>> }): ReactElement {
  return (
    <ul className="legend" aria-label="Ticks of the months shown">
      {STATES.filter((state) => (counts[state] ?? 0) > 0).map((state) => (
        <li key={state}>
          <StateMark state={state} /> {counts[state]} {STATE_WORDS[state]}
        </li>
      ))}
    </ul>
  );
}
