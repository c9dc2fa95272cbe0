"""Plannoir's backend: accounts, tasks and a chat that works on the tasks."""
