// Nothing: for scripts whose page does not ask anything of them.
