import type { ReactElement } from "react";
import type { PipelineSummary } from "../protocol";
import {
  formatChange,
  formatDuration,
  Link,
  RunHistory,
  SIGNS,
  StateIcon,
  Switch,
  startsInWords,
  TimeAgo,
  useNow,
} from "../ui";
import {
  historyWords,
  isOn,
  linePoints,
  newestFailure,
  signOfPipeline,
  storyOf,
  trendOf,
} from "./model";

export interface PipelinesTableProps {
  pipelines: readonly PipelineSummary[];
  onSwitch(pipeline: PipelineSummary, on: boolean): void;
}

export function PipelinesTable({ pipelines, onSwitch }: PipelinesTableProps): ReactElement {
  return (
    <div className="card table-card">
      <table className="table pipelines">
        <caption className="visually-hidden">Pipelines</caption>
        <thead>
          <tr>
            <th scope="col">Pipeline</th>
            <th scope="col">Starts</th>
            <th scope="col">Next</th>
            <th scope="col">Last 30 runs</th>
            <th scope="col" className="number">
              Duration
            </th>
            <th scope="col">On</th>
          </tr>
        </thead>
        <tbody>
          {pipelines.map((pipeline) => (
            <PipelineRow
              key={pipeline.name}
              pipeline={pipeline}
              onSwitch={(on) => onSwitch(pipeline, on)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface PipelineRowProps {
  pipeline: PipelineSummary;
  onSwitch(on: boolean): void;
}

function PipelineRow({ pipeline, onSwitch }: PipelineRowProps): ReactElement {
  const { name, title, triggers, runs } = pipeline;
  const sign = signOfPipeline(pipeline);
  const now = useNow(sign === "running" ? "fast" : "slow");
  const story = storyOf(pipeline, now);
  const failure = newestFailure(pipeline);
  const tone = failure === undefined ? sign : "failed";
  const on = isOn(pipeline);
  return (
    <tr>
      <td>
        <div className="pipeline-name">
          <StateIcon sign={sign} />
          <div className="ellipsis">
            <Link to={`/p/${name}`} className="row-link" title={name}>
              {title}
            </Link>
            {story === "" ? null : (
              <div className="pipeline-story ellipsis" data-tone={SIGNS[tone].tone} title={story}>
                {failure === undefined ? (
                  story
                ) : (
                  <Link to={`/p/${name}/runs/${failure.id}`}>{story}</Link>
                )}
              </div>
            )}
          </div>
        </div>
      </td>
      <td className="ellipsis">
        {triggers.length === 0 ? <span className="muted">not scheduled</span> : startsOf(pipeline)}
      </td>
      <td className="muted">
        {on && pipeline.next_at !== null ? <TimeAgo at={pipeline.next_at} /> : null}
      </td>
      <td>
        {runs.length === 0 ? (
          <span className="muted">never run</span>
        ) : (
          <RunHistory runs={runs} label={historyWords(runs)} />
        )}
      </td>
      <td className="number">
        <Duration pipeline={pipeline} />
      </td>
      <td>
        {triggers.length === 0 ? null : (
          <Switch label={`Schedule of ${title}`} checked={on} onChange={onSwitch} />
        )}
      </td>
    </tr>
  );
}

const LINE = { width: 64, height: 14 };

/** How long runs take, as they took lately, and how much that has changed. */
function Duration({ pipeline }: { pipeline: PipelineSummary }): ReactElement {
  const { median_seconds: median, runs, title } = pipeline;
  const trend = trendOf(runs);
  if (median === null) return <>–</>;
  const { width, height } = LINE;
  return (
    <div className="pipeline-duration">
      <span>
        {formatDuration(median)}
        {trend === null || trend.change === null ? null : (
          <span
            className="pipeline-change"
            data-tone={trend.change > 0 ? "stale" : "neutral"}
            data-tip="The last 5 runs against those before"
          >
            {" "}
            {formatChange(trend.change)}
          </span>
        )}
      </span>
      {trend === null ? null : (
        <svg
          role="img"
          aria-label={`Duration of the last ${trend.seconds.length} runs of ${title} that succeeded`}
          viewBox={`-1 -1 ${width + 2} ${height + 2}`}
          width={width + 2}
          height={height + 2}
        >
          <polyline points={linePoints(trend.seconds, width, height)} />
        </svg>
      )}
    </div>
  );
}

function startsOf({ triggers }: PipelineSummary): ReactElement {
  const words = triggers.map(startsInWords);
  const problem = triggers.find((trigger) => trigger.problem !== null)?.problem;
  if (problem != null) {
    return (
      <span className="state-words" data-tone="failed" title={problem}>
        {problem}
      </span>
    );
  }
  return (
    <span title={words.join("\n")}>
      {words[0]}
      {words.length > 1 ? <span className="muted"> and {words.length - 1} more</span> : null}
    </span>
  );
}
