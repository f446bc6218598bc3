import type { ReactElement, ReactNode } from "react";
import type { PipelineSummary, RunSummary } from "../protocol";
import { formatBytes, formatRelative, Link, plural, type Tone } from "../ui";
import { dueWithinHour, newestFailure, outcomeWords } from "./model";

export interface Lately {
  failed: readonly RunSummary[];
  /** The list of them. */
  address: string;
}

export interface CardsProps {
  pipelines: readonly PipelineSummary[];
  today: readonly RunSummary[] | undefined;
  /** There are more runs of today than were fetched. */
  more: boolean;
  /** Failures since yesterday. */
  lately: Lately | undefined;
  storedBytes: number | undefined;
  now: number;
}

export function Cards(props: CardsProps): ReactElement {
  const { pipelines, today, more, lately, storedBytes, now } = props;
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
        to={today === undefined || today.length === 0 ? undefined : "/runs?time=today"}
      >
        {today === undefined || today.length === 0 ? "none yet" : outcomeWords(today)}
      </Card>
      <FailingCard {...{ pipelines, lately }} />
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

/** What fails now, one click from why; where all is well, what failed since yesterday. */
function FailingCard({
  pipelines,
  lately,
}: Pick<CardsProps, "pipelines" | "lately">): ReactElement {
  const failing = pipelines.filter((pipeline) => pipeline.failing_since !== null);
  const [worst, ...others] = failing;
  if (worst === undefined) {
    const count = lately?.failed.length ?? 0;
    return count === 0 ? (
      <Card title="Failing now" value={0} tone="ok">
        all well
      </Card>
    ) : (
      <Card title="Failing now" value={0} to={lately?.address}>
        {plural(count, "failure")} since yesterday
      </Card>
    );
  }
  const failure = newestFailure(worst);
  const to =
    failure === undefined || others.length > 0
      ? "/runs?state=failed"
      : `/p/${worst.name}/runs/${failure.id}`;
  return (
    <Card title="Failing now" value={failing.length} tone="failed" to={to}>
      {failing.map(({ title }) => title).join(", ")}
    </Card>
  );
}

interface CardProps {
  title: string;
  value: ReactNode;
  tone?: Tone | undefined;
  /** Where the note leads. */
  to?: string | undefined;
  children: ReactNode;
}

function Card({ title, value, tone, to, children }: CardProps): ReactElement {
  return (
    <section className="card home-card">
      <h2>{title}</h2>
      <p className="home-card-value">{value}</p>
      <p
        className="home-card-note ellipsis"
        data-tone={tone}
        title={typeof children === "string" ? children : undefined}
      >
        {to === undefined ? children : <Link to={to}>{children}</Link>}
      </p>
    </section>
  );
}
