import re

import pytest

from kubefed_dns.decide import aliases


@pytest.mark.parametrize(
    ("reason", "hostname", "zone"),
    [
        (
            "An Application or a Classic Load Balancer.",
            "web-1.us-east-1.elb.amazonaws.com",
            "Z35SXDOTRQ7X7K",
        ),
        (
            "In capitals, with a dot, for both families.",
            "dualstack.Web-1.EU-west-1.elb.amazonaws.com.",
            "Z32O12XQLNTSW2",
        ),
        (
            "One that is reached from inside.",
            "internal-web-1.ap-southeast-7.elb.amazonaws.com",
            "Z0390008CMBRTHFGWBCB",
        ),
        (
            "A Network Load Balancer.",
            "a1b2-c3.elb.eu-central-1.amazonaws.com",
            "Z3F0SRJ5LGBH90",
        ),
        ("In China.", "web.cn-north-1.elb.amazonaws.com.cn", "Z1GDH35T77C1KE"),
        ("In China, network.", "web.elb.cn-northwest-1.amazonaws.com.cn", "ZQEIKTCZ8352D"),
        ("China is not elsewhere.", "web.cn-north-1.elb.amazonaws.com", None),
        ("Elsewhere is not China.", "web.eu-west-1.elb.amazonaws.com.cn", None),
        ("For a government.", "web.us-gov-west-1.elb.amazonaws.com", "Z33AYJ8TM3BH4J"),
        ("For a government, network.", "web.elb.us-gov-east-1.amazonaws.com", "Z1ZSMQQ6Q24QQ8"),
        ("A region that nobody has told of.", "web.moon-east-1.elb.amazonaws.com", None),
        ("The domain of a region is no balancer.", "us-east-1.elb.amazonaws.com", None),
        ("A distribution.", "d111111abcdef8.cloudfront.net", "Z2FDTNDATAQYW2"),
        ("A distribution in China.", "d111111abcdef8.cloudfront.cn", "Z3RFFRIM2A3IF5"),
        ("An accelerator.", "a1234.awsglobalaccelerator.com", "Z2BJ6XQ5FK7U4H"),
        (
            "An accelerator for both families.",
            "a1234.dualstack.awsglobalaccelerator.com",
            "Z2BJ6XQ5FK7U4H",
        ),
        (
            "An endpoint in a VPC.",
            "vpce-1-2.vpce-svc-3.us-west-2.vpce.amazonaws.com",
            "Z1YSA3EXCYUU9Z",
        ),
        (
            "A custom domain of API Gateway.",
            "d-abc1234.execute-api.us-east-2.amazonaws.com",
            "ZOJJZC49E0EPZ",
        ),
        (
            "An API by its own name answers to no other.",
            "abc1234.execute-api.us-east-2.amazonaws.com",
            None,
        ),
        ("An environment.", "shop.us-west-2.elasticbeanstalk.com", "Z38NKT9BP95V3O"),
        ("An old environment, of no region.", "shop.elasticbeanstalk.com", None),
        ("Websites on S3.", "s3-website-us-east-1.amazonaws.com", "Z3AQBSTGFYJSTF"),
        (
            "Websites on S3, as they are spelled by now.",
            "s3-website.eu-central-1.amazonaws.com.",
            "Z21DNDUVLTQW6Q",
        ),
        (
            "A bucket's own name cannot be followed.",
            "shop.example.com.s3-website.eu-central-1.amazonaws.com",
            None,
        ),
        ("Anything else.", "www.example.com", None),
        ("What only looks like it.", "web.eu-west-1.elb.amazonaws.com.example.com", None),
        ("Nothing.", "", None),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_an_alias_stands_in_the_zone_that_aws_publishes(reason, hostname, zone):
    assert aliases.canonical_zone(hostname) == zone, reason


def test_only_a_distribution_has_no_health_to_follow():
    assert not any(map(aliases.has_health, aliases.CLOUDFRONT.values()))
    assert aliases.has_health("Z35SXDOTRQ7X7K")


def test_no_two_services_share_a_zone():
    tables = (aliases.ENDPOINTS, aliases.GATEWAYS, aliases.BEANSTALKS, aliases.WEBSITES)
    zones = [zone for pair in aliases.BALANCERS.values() for zone in pair]
    zones += [zone for table in tables for zone in table.values()]
    zones += [*aliases.CLOUDFRONT.values(), aliases.ACCELERATOR]
    assert len(set(zones)) == len(zones)
    assert all(re.fullmatch(r"Z[0-9A-Z]{11,21}", zone) for zone in zones)
