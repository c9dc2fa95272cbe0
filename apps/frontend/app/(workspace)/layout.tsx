import { redirect } from "next/navigation";
import type { ReactNode } from "react";

import { Header } from "@/components/header.tsx";
import { hasSession } from "@/lib/session.ts";

export default async function WorkspaceLayout({ children }: { children: ReactNode }) {
  if (!(await hasSession())) {
    redirect("/sign-in");
  }
  return (
    <>
      <Header />
      {children}
    </>
  );
}
