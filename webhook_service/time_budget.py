"""How long each step of a message may take at most: SNS hangs up after 15 s and counts the try as failed.

The worst case in seconds, with every step at its limit:

    turn to ask for the topics    1    TOPICS_WAIT
    topics                        3    shared.internal_client: connection 1, answer 2, one repeat included
    certificate                   4    CERTIFICATE_DEADLINE
    then either: an earlier call  1    EARLIER_CALL
    and events recorded           5    shared.internal_client: connection 1, answer 4, one repeat included
    or: subscription confirmed    4    CONFIRMATION_DEADLINE
                                 --
                                 14    which leaves 1 for the network

A call that config_service refuses is repeated for each message alone only where it was refused within
EARLIER_CALL, so that the repeat ends in time as well.
"""

SNS_PATIENCE = 15.0

TOPICS_WAIT = 1.0

CERTIFICATE_CONNECT = 1.0
CERTIFICATE_READ = 1.5  # between two pieces of the answer
CERTIFICATE_DEADLINE = 4.0  # for all of it, from the connection on, however slowly it drips

CONFIRMATION_CONNECT = 1.0
CONFIRMATION_READ = 3.0
CONFIRMATION_DEADLINE = 4.0  # for all of it, from the connection on

EARLIER_CALL = 1.0  # of other messages' events, which lasts some hundredths where all is well
