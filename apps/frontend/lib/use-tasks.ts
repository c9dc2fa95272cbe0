"use client";

import { useState } from "react";

import { api, type Task } from "./api.ts";
import { inPlainWords } from "./errors.ts";
import { useServerData } from "./hooks.ts";

export interface Tasks {
  /** Open tasks first; undefined until the server has answered. */
  tasks: Task[] | undefined;
  error: string;
  reload: () => void;
  /** Each resolves to whether the server did it; if not, `error` says why and nothing has changed. */
  add: (title: string) => Promise<boolean>;
  change: (task: Task, change: Partial<Pick<Task, "title" | "completed">>) => Promise<boolean>;
  remove: (task: Task) => Promise<boolean>;
}

export function useTasks(): Tasks {
  const { data, setData, error: loadError, reload } = useServerData(api.tasks);
  const [actionError, setActionError] = useState("");

  async function act<T>(action: () => Promise<T>, apply: (tasks: Task[], result: T) => Task[]): Promise<boolean> {
    setActionError("");
    try {
      const result = await action();
      setData((tasks) => apply(tasks ?? [], result));
      return true;
    } catch (reason) {
      setActionError(inPlainWords(reason));
      return false;
    }
  }

  return {
    tasks: data?.toSorted((one, other) => Number(one.completed) - Number(other.completed)),
    error: actionError || loadError,
    reload,
    add: (title) => act(() => api.addTask(title), (tasks, added) => [...tasks, added]),
    change: (task, change) => act(() => api.changeTask(task.id, change), (tasks, changed) => tasks.map((other) => (other.id === changed.id ? changed : other))),
    remove: (task) => act(() => api.deleteTask(task.id), (tasks) => tasks.filter((other) => other.id !== task.id)),
  };
}
