"""Domains where anybody can have a mailbox: they say nothing about whose address it is."""

PUBLIC_MAIL_DOMAINS = frozenset(
    """
    126.com 163.com aim.com aol.com bellsouth.net bigpond.com bluewin.ch btinternet.com charter.net
    comcast.net cox.net docomo.ne.jp earthlink.net fastmail.com fastmail.fm free.fr freenet.de gmail.com
    gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.be hotmail.co.uk hotmail.com
    hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com inbox.com laposte.net libero.it
    live.ca live.co.uk live.com live.fr live.nl mac.com mail.com mail.ru mailbox.org me.com msn.com
    naver.com ntlworld.com optonline.net orange.fr outlook.at outlook.co.uk outlook.com outlook.de
    outlook.fr pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com rocketmail.com rogers.com
    sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com sympatico.ca t-online.de talktalk.net
    telia.com terra.com.br tutanota.com uol.com.br verizon.net virginmedia.com wanadoo.fr web.de wp.pl
    yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.de yahoo.es
    yahoo.fr yahoo.in yahoo.it yandex.com yandex.ru ymail.com zoho.com
    """.split()  # noqa: SIM905 - one domain a line would be 120 lines
)
