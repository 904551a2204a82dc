"""Formats: what a message says once every coding is undone, and how to change a piece of it.

What comes in: the bytes of a body, a target or a header, what they are declared to be, and a
visitor that decides about text (``proxy.content.visitor``).
What goes out: the same bytes with only the edited pieces changed; the very same object when
nothing was edited; or ``Refused``.
What must never happen here: content passed on unread and unreported; a byte changed outside
an edit; a replacement that breaks out of the spot it stands in; more work than linear in the
size of the message.

The way through the room:

1. ``body`` undoes content codings (``compression``) and redoes them if something changed.
2. ``data`` asks ``charset`` and ``sniff`` what the bytes are: the bytes decide, not the label.
3. One codec a format (``json``, ``form``, ``multipart``, ``markup``, ``lines``) cuts the text
   into stretches with one way of writing characters (``coding``).
   Binary documents (``msgpack``, ``cbor``, ``protobuf``) are drawn as JSON (``outline``) and go
   through ``json``; frames (``grpc_frames``, ``binary_frames``, ``text_frames``, ``records``) are
   cut, and their lengths set right.
4. ``text`` looks for the next encoding inside each stretch (JSON in a string, HTML, percent,
   entities, ``base64`` …) and comes back to 3, a layer deeper, up to ``Limits.nesting``.
   ``flow`` reads text across tags, ``mail`` folded lines, encoded words and quoted-printable.
5. The visitor sees plain text. Its edits are carried back out, layer by layer, each written
   in the layer's own coding (``edits``, ``coding.back``).

What cannot be edited is left to policy: ``signed`` (inside a body), ``seals`` (a whole request);
``digests`` are renewed.

``target`` and ``headers`` are the doors for URLs and header fields, ``streaming`` the one for
answers that cannot wait.
"""
