"""Signals as a shell at a terminal leaves them: a job in the background, or under nohup, would ignore some and hand that on."""

import signal

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)
