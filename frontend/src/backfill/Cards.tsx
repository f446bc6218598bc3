import { Pause, Play, Square } from "lucide-react";
import type { ReactElement } from "react";
import type { Backfill } from "../protocol";
import { useApi, useResource } from "../session";
import { Button, Chip, formatMoment, Link, StateWords, TimeAgo, toastError } from "../ui";
import { endedOf, isActive, PARTS, progressInWords, spanInWords } from "./progress";
import "./backfill.css";

const SHOWN = 20;

/** The backfills of a pipeline, newest first, live; of all pipelines for "". */
export function useBackfills(pipeline: string): readonly Backfill[] {
  const { data } = useResource(
    `backfills ${pipeline}`,
    async (api, signal) =>
      (
        await api.get<{ backfills: Backfill[] }>("backfills", {
          query: { pipeline: pipeline || undefined, limit: SHOWN },
          signal,
        })
      ).backfills,
    (event) =>
      event.op === "backfill-changed" && (pipeline === "" || event.backfill.pipeline === pipeline),
  );
  return data ?? [];
}

/** Those that go on or rest, above a list of runs. */
export function ActiveBackfills({ pipeline }: { pipeline: string }): ReactElement | null {
  const active = useBackfills(pipeline).filter(isActive);
  return active.length === 0 ? null : <BackfillCards title="Backfills" backfills={active} />;
}

interface BackfillCardsProps {
  title: string;
  backfills: readonly Backfill[];
}

export function BackfillCards({ title, backfills }: BackfillCardsProps): ReactElement {
  return (
    <section className="backfill-cards" aria-label={title}>
      {backfills.map((backfill) => (
        <BackfillCard key={backfill.id} backfill={backfill} />
      ))}
    </section>
  );
}

function BackfillCard({ backfill }: { backfill: Backfill }): ReactElement {
  const { id, pipeline, trigger, first, last, problem } = backfill;
  return (
    <article className="card backfill-card" aria-label={`Backfill of ${trigger}`}>
      <div className="backfill-card-head">
        <Link
          to={`/p/${pipeline}/backfill?trigger=${encodeURIComponent(trigger)}`}
          className="row-link ellipsis"
        >
          {pipeline} · {trigger}
        </Link>
        <span className="muted" title={`${formatMoment(first)} to ${formatMoment(last)}`}>
          {spanInWords(backfill)}
        </span>
        <BackfillState backfill={backfill} />
        <span className="backfill-card-actions">
          <Link to={`/runs?backfill=${id}`} className="button button-quiet button-small">
            Runs
          </Link>
          {isActive(backfill) ? <BackfillActions backfill={backfill} /> : null}
        </span>
      </div>
      <BackfillBar backfill={backfill} />
      {problem === null ? null : <StateWords sign="failed">{problem}</StateWords>}
    </article>
  );
}

function BackfillState({ backfill }: { backfill: Backfill }): ReactElement {
  const { state, finished_at: at, created_at: created } = backfill;
  return (
    <span className="muted">
      <Chip>{state}</Chip> <TimeAgo at={at ?? created} />
    </span>
  );
}

function BackfillActions({ backfill }: { backfill: Backfill }): ReactElement {
  const api = useApi();
  const { id, trigger, state } = backfill;
  // What comes of it is told as an event.
  const act = (what: string): void => {
    api.post(`backfills/${id}/${what}`, {}).catch(toastError);
  };
  return (
    <>
      {state === "running" ? (
        <Button
          size="small"
          icon={Pause}
          aria-label={`Pause the backfill of ${trigger}`}
          onClick={() => act("pause")}
        >
          Pause
        </Button>
      ) : (
        <Button
          size="small"
          icon={Play}
          aria-label={`Resume the backfill of ${trigger}`}
          onClick={() => act("resume")}
        >
          Resume
        </Button>
      )}
      <Button
        size="small"
        look="danger"
        icon={Square}
        aria-label={`Cancel the backfill of ${trigger}`}
        data-tip="Stops its runs as well; the holes can be filled again"
        onClick={() => act("cancel")}
      >
        Cancel
      </Button>
    </>
  );
}

function BackfillBar({ backfill }: { backfill: Backfill }): ReactElement {
  const { counts, total, trigger } = backfill;
  const words = progressInWords(backfill);
  return (
    <div className="backfill-progress">
      <div
        role="progressbar"
        className="backfill-bar"
        aria-label={`Progress of the backfill of ${trigger}`}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={endedOf(backfill)}
        aria-valuetext={words}
      >
        {PARTS.filter((part) => counts[part] > 0).map((part) => (
          <span
            key={part}
            className="backfill-bar-part"
            data-part={part}
            style={{ width: `${(100 * counts[part]) / Math.max(total, 1)}%` }}
          />
        ))}
      </div>
      <span className="backfill-words">{words}</span>
    </div>
  );
}
