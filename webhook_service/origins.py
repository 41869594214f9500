"""Where Amazon SNS lives: the only origins whose certificates and SubscribeURLs are followed."""


class SnsOrigins:
    """SNS's origin in each region, and in development one more."""

    def __init__(self, dev_origin: str | None = None) -> None:
        """Take the stand-in's origin (scheme, host and port), or None to know only Amazon's."""
        self._dev_origin = dev_origin

    def path_in(self, url: str, region: str) -> str | None:
        """Return what follows SNS's origin of `region` in `url`, from the slash on; None for any other URL.

        The origin is compared as text and whole, so userinfo, a port, upper case and a look-alike host
        (`sns.s3-us-west-2.amazonaws.com` is a bucket) need no rule of their own. `region` must have the
        shape of one. https://docs.aws.amazon.com/general/latest/gr/sns.html
        """
        if not url.isascii():  # a digit of another script in `region` would make a host of its own
            return None
        for origin in (_amazon(region), self._dev_origin):
            if origin is not None and url.startswith(f"{origin}/"):
                return url[len(origin) :]
        return None

    def is_dev(self, url: str) -> bool:
        """Tell whether `url` leads to the stand-in."""
        return self._dev_origin is not None and url.startswith(f"{self._dev_origin}/")


def _amazon(region: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://sns.{region}.{suffix}"
