"use client";

import { useState, type SubmitEvent } from "react";

import { TaskList } from "@/components/task-list.tsx";
import { useHydrated } from "@/lib/hooks.ts";
import { useTasks } from "@/lib/use-tasks.ts";

export function TaskPage() {
  const { tasks, error, add, change, remove } = useTasks();
  const [busy, setBusy] = useState(false);
  const hydrated = useHydrated();

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const title = (new FormData(form).get("title") as string).trim();
    if (title === "") {
      return;
    }
    setBusy(true);
    // What was typed stays there until it is saved.
    if (await add(title)) {
      form.reset();
    }
    setBusy(false);
  }

  const open = tasks?.filter((task) => !task.completed).length ?? 0;
  return (
    <main className="column">
      <div className="heading">
        <h1>Tasks</h1>
        {tasks !== undefined && tasks.length > 0 && <span className="muted">{open} open, {tasks.length - open} done</span>}
      </div>
      <form className="composer" onSubmit={(event) => void submit(event)}>
        <input name="title" aria-label="New task" placeholder="What needs doing?" maxLength={200} autoComplete="off" required />
        <button type="submit" className="button primary" disabled={busy || !hydrated}>Add task</button>
      </form>
      {error && <p role="alert" className="error">{error}</p>}
      <div className="card">
        <TaskList tasks={tasks} change={change} remove={remove} />
      </div>
    </main>
  );
}
