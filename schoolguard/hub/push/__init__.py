"""From a partner's list to the publisher's judgement: bundle, push, upload, queue, receipt.

It must not publish anything: what was accepted is handed on to the repository by a callable.
"""
