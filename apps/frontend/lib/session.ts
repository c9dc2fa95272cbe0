import { cookies } from "next/headers";

/** Whether the browser holds a session; whether it is still good is for the backend to say. */
export async function hasSession(): Promise<boolean> {
  return (await cookies()).has("session");
}
