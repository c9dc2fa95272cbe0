import type { Metadata } from "next";

import { TaskPage } from "@/components/task-page.tsx";

export const metadata: Metadata = { title: "Tasks" };

export default function TasksPage() {
  return <TaskPage />;
}
