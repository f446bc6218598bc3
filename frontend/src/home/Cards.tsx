import type { ReactElement, ReactNode } from "react";
import type { PipelineSummary, RunSummary } from "../protocol";
import { formatBytes, formatRelative, plural, type Tone } from "../ui";
import { dueWithinHour, isFailing, outcomeWords } from "./model";

export interface CardsProps {
  pipelines: readonly PipelineSummary[];
  today: readonly RunSummary[] | undefined;
  /** There are more runs of today than were fetched. */
  more: boolean;
  storedBytes: number | undefined;
  now: number;
}

export function Cards(props: CardsProps): ReactElement {
  const { pipelines, today, more, storedBytes, now } = props;
  const failing = pipelines.filter(isFailing);
  const due = dueWithinHour(pipelines, now);
  const next = due[0]?.next_at;
  return (
    <div className="cards">
      <Card
        title="Runs today"
        value={today === undefined ? "–" : `${today.length}${more ? "+" : ""}`}
        tone={
          today?.some((run) => run.state === "failed") === false && today.length > 0
            ? "ok"
            : undefined
        }
      >
        {today === undefined || today.length === 0 ? "none yet" : outcomeWords(today)}
      </Card>
      <Card title="Failing now" value={failing.length} tone={failing.length > 0 ? "failed" : "ok"}>
        {failing.length === 0 ? "all well" : failing.map(({ title }) => title).join(", ")}
      </Card>
      <Card title="Next hour" value={plural(due.length, "start")}>
        {next == null ? "nothing is due" : `next ${formatRelative(next, now)}`}
      </Card>
      <Card
        title="Outputs on disk"
        value={storedBytes === undefined ? "–" : formatBytes(storedBytes)}
      >
        each kept once, by content
      </Card>
    </div>
  );
}

interface CardProps {
  title: string;
  value: ReactNode;
  tone?: Tone | undefined;
  children: ReactNode;
}

function Card({ title, value, tone, children }: CardProps): ReactElement {
  return (
    <section className="card home-card">
      <h2>{title}</h2>
      <p className="home-card-value">{value}</p>
      <p
        className="home-card-note ellipsis"
        data-tone={tone}
        title={typeof children === "string" ? children : undefined}
      >
        {children}
      </p>
    </section>
  );
}
