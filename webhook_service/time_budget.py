"""How long each step of a message may take at most: SNS hangs up after 15 s and counts the try as failed.

The worst case in seconds, with every step at its limit:

    turn to ask for the topics    1    TOPICS_WAIT
    topics                        3    shared.internal_client: connection 1, answer 2, one repeat included
    certificate                   4    CERTIFICATE_DEADLINE and the piece under way when it passes
    then either: an earlier call  1    EARLIER_CALL
    and events recorded           5    shared.internal_client: connection 1, answer 4, one repeat included
    or: subscription confirmed    4    CONFIRMATION_CONNECT and CONFIRMATION_READ
                                 --
                                 14    which leaves 1 for the network
"""

SNS_PATIENCE = 15.0

TOPICS_WAIT = 1.0

CERTIFICATE_CONNECT = 1.0
CERTIFICATE_READ = 1.5  # between two pieces of the answer
CERTIFICATE_DEADLINE = 2.5  # for the last piece to begin, however slowly the others dripped

CONFIRMATION_CONNECT = 1.0
CONFIRMATION_READ = 3.0

EARLIER_CALL = 1.0  # of other messages' events, which lasts some hundredths where all is well
