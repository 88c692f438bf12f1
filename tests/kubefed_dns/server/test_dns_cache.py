from kubefed_dns.server.cache import Cache


def test_what_is_asked_for_stays_and_the_cache_stays_small():
    cache: Cache[int, str] = Cache(10)
    cache.put(-1, "asked for often")
    for number in range(1000):
        cache.put(number, str(number))
        assert cache.get(-1) == "asked for often"
        assert cache.get(number) == str(number)
        assert len(cache) <= 10
    assert cache.get(0) is None


def test_a_value_is_replaced_wherever_it_stands():
    cache: Cache[str, int] = Cache(4)
    cache.put("a", 1)
    cache.put("b", 1)
    cache.put("c", 1)
    cache.put("a", 2)
    assert cache.get("a") == 2
    assert len(cache) == 3
