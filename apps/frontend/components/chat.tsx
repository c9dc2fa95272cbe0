"use client";

import { useEffect, useRef, useState, type KeyboardEvent, type SubmitEvent } from "react";

import { TaskList } from "@/components/task-list.tsx";
import { api, type Message } from "@/lib/api.ts";
import { inPlainWords } from "@/lib/errors.ts";
import { useHydrated, useServerData } from "@/lib/hooks.ts";
import { useTasks } from "@/lib/use-tasks.ts";

const SUGGESTIONS = ["Add buy milk", "Show my tasks"];

interface Conversation {
  id: string | null;
  messages: Message[];
}

const NEW_CONVERSATION: Conversation = { id: null, messages: [] };

async function latestConversation(): Promise<Conversation> {
  const [latest] = await api.conversations();
  return latest === undefined ? NEW_CONVERSATION : api.conversation(latest.id);
}

export function Chat() {
  const { data: conversation, setData: setConversation, error: loadError } = useServerData(latestConversation);
  const { tasks, error: taskError, reload: reloadTasks, change, remove } = useTasks();
  const [draft, setDraft] = useState("");
  const [waitingFor, setWaitingFor] = useState("");
  const [error, setError] = useState("");
  const hydrated = useHydrated();
  const end = useRef<HTMLDivElement>(null);
  const ready = hydrated && conversation !== undefined && waitingFor === "";
  const messages = conversation?.messages ?? [];

  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [messages.length, waitingFor]);

  async function send(text: string) {
    const message = text.trim();
    if (message === "" || !ready) {
      return;
    }
    setDraft("");
    setError("");
    setWaitingFor(message);
    try {
      const answer = await api.chat(message, conversation.id);
      setConversation((current) => ({
        id: answer.conversation_id,
        messages: [...(current?.messages ?? []), { role: "user", content: message }, { role: "assistant", content: answer.reply }],
      }));
      if (answer.actions.length > 0) {
        reloadTasks();
      }
    } catch (reason) {
      setError(inPlainWords(reason));
      setDraft(message);
    } finally {
      setWaitingFor("");
    }
  }

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    void send(draft);
  }

  function sendOnEnter(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      void send(draft);
    }
  }

  return (
    <main className="talk">
      <section className="card conversation" aria-labelledby="chat-heading">
        <div className="heading">
          <h1 id="chat-heading">Chat</h1>
          {messages.length > 0 && (
            <button type="button" className="button small" disabled={!ready} onClick={() => { setConversation(() => NEW_CONVERSATION); }}>New conversation</button>
          )}
        </div>
        <div className="messages">
          <div role="log" aria-label="Conversation">
            {messages.map((message, index) => <Bubble key={index} {...message} />)}
            {waitingFor && <Bubble role="user" content={waitingFor} />}
          </div>
          {waitingFor && <p className="thinking muted">Plannoir is thinking<span>…</span></p>}
          {conversation !== undefined && messages.length === 0 && waitingFor === "" && (
            <div className="welcome">
              <p>Tell me what to remember.</p>
              {SUGGESTIONS.map((suggestion) => (
                <button key={suggestion} type="button" className="button small" disabled={!ready} onClick={() => void send(suggestion)}>{suggestion}</button>
              ))}
            </div>
          )}
          <div ref={end} />
        </div>
        {(error || loadError) && <p role="alert" className="error">{error || loadError}</p>}
        <form className="composer" onSubmit={submit}>
          <textarea
            aria-label="Message"
            placeholder="Say what needs doing"
            rows={1}
            maxLength={4000}
            value={draft}
            onChange={(event) => { setDraft(event.target.value); }}
            onKeyDown={sendOnEnter}
          />
          <button type="submit" className="button primary" disabled={!ready}>Send</button>
        </form>
      </section>
      <aside aria-labelledby="chat-tasks-heading">
        <h2 id="chat-tasks-heading">Your tasks</h2>
        {taskError && <p role="alert" className="error">{taskError}</p>}
        <TaskList tasks={tasks} change={change} remove={remove} />
      </aside>
    </main>
  );
}

function Bubble({ role, content }: Message) {
  return (
    <p className={`bubble ${role}`}>
      <span className="visually-hidden">{role === "user" ? "You: " : "Plannoir: "}</span>
      {content}
    </p>
  );
}
