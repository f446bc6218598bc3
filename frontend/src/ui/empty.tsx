import type { ReactElement, ReactNode } from "react";
import { messageOf } from "../client";
import { Button } from "./buttons";

export interface EmptyStateProps {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}

/** Nothing here yet: says what would be here and names the next step. */
export function EmptyState({ title, children, actions }: EmptyStateProps): ReactElement {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children === undefined ? null : <p>{children}</p>}
      {actions === undefined ? null : <div className="empty-actions">{actions}</div>}
    </div>
  );
}

export interface ErrorCardProps {
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

export function ErrorCard({ title, children, actions }: ErrorCardProps): ReactElement {
  return (
    <section className="error-card" role="alert">
      <h3>{title}</h3>
      {children}
      {actions === undefined ? null : <div className="error-card-actions">{actions}</div>}
    </section>
  );
}

/** A request failed: its message and a way to try again. */
export function LoadFailed(props: { error: unknown; onRetry(): void }): ReactElement {
  return (
    <ErrorCard
      title={messageOf(props.error)}
      actions={
        <Button size="small" onClick={props.onRetry}>
          Try again
        </Button>
      }
    />
  );
}
