"use client";

import { startTransition, useOptimistic, useState, type SubmitEvent } from "react";

import type { Task } from "@/lib/api.ts";
import type { Tasks } from "@/lib/use-tasks.ts";

export function TaskList({ tasks, change, remove }: Pick<Tasks, "tasks" | "change" | "remove">) {
  if (tasks === undefined) {
    return <p className="muted placeholder">Your tasks are on their way…</p>;
  }
  if (tasks.length === 0) {
    return <p className="muted placeholder">Nothing to do. Enjoy it, or add a task.</p>;
  }
  return (
    <ul role="list" className="tasks" aria-label="Tasks">
      {tasks.map((task) => <TaskItem key={task.id} task={task} change={change} remove={remove} />)}
    </ul>
  );
}

function TaskItem({ task, change, remove }: { task: Task } & Pick<Tasks, "change" | "remove">) {
  const [editing, setEditing] = useState(false);
  const [busy, setBusy] = useState(false);
  // The tick shows at once, and goes back if the server does not take it.
  const [completed, setCompleted] = useOptimistic(task.completed);

  async function act(action: () => Promise<boolean>) {
    setBusy(true);
    const done = await action();
    setBusy(false);
    return done;
  }

  function toggle() {
    startTransition(async () => {
      setCompleted(!completed);
      await act(() => change(task, { completed: !completed }));
    });
  }

  async function save(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const title = (new FormData(event.currentTarget).get("title") as string).trim();
    if (title === task.title || (title !== "" && (await act(() => change(task, { title }))))) {
      setEditing(false);
    }
  }

  if (editing) {
    return (
      <li>
        <form className="task editing" onSubmit={(event) => void save(event)}>
          <input
            name="title"
            aria-label="Title"
            defaultValue={task.title}
            autoFocus
            required
            onKeyDown={(event) => { if (event.key === "Escape") setEditing(false); }}
          />
          <button type="submit" className="button small primary" disabled={busy}>Save</button>
          <button type="button" className="button small" onClick={() => { setEditing(false); }}>Cancel</button>
        </form>
      </li>
    );
  }
  return (
    <li className="task" aria-busy={busy}>
      <label>
        <input type="checkbox" checked={completed} disabled={busy} onChange={toggle} />
        <span>{task.title}</span>
      </label>
      <button type="button" className="icon" aria-label={`Edit ${task.title}`} onClick={() => { setEditing(true); }}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 20h4L19 9l-4-4L4 16v4zM13.5 6.5l4 4" /></svg>
      </button>
      <button type="button" className="icon danger" aria-label={`Delete ${task.title}`} disabled={busy} onClick={() => void act(() => remove(task))}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.2 10.5v6M13.8 10.5v6" /></svg>
      </button>
    </li>
  );
}
