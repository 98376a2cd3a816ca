"""From "the guardrails let it pass" to "every school enforces it": stages, approvals, previews, ways back.

It must not compile, sign or publish: it says what should be published, other parts do it.
"""
