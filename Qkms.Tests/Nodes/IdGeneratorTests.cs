namespace Qkms.Tests.Nodes;

/// <summary>Ids that follow ids of other nodes.</summary>
public sealed class IdGeneratorTests
{
    private readonly ManualTime _time = ManualTime.Standing();
    private readonly IdGenerator _ids;

    public IdGeneratorTests() => _ids = new IdGenerator(_time);

    [Fact]
    public void An_id_after_one_of_a_node_whose_clock_is_ahead_is_greater_and_the_next_is_of_this_clock_again()
    {
        _time.ShiftWallClock(TimeSpan.FromDays(365));
        IdGenerator ahead = new(_time);
        Guid other = ahead.Next();
        _time.ShiftWallClock(TimeSpan.FromDays(-365));

        Guid after = _ids.NextAfter(other);

        (after.Version, after.Variant & 0xC).Should().Be((7, 8));
        after.CompareTo(other).Should().BePositive();
        _ids.NextAfter(after).CompareTo(after).Should().BePositive();
        _ids.Next().CompareTo(other).Should().BeNegative("one wrong clock does not move every other one");
    }

    [Theory]
    [InlineData("01a1f9ab-212c-7000-b4bf-a576a6ab65ed", "01a1f9ab-212c-7001")]
    [InlineData("01a1f9ab-212c-7ffe-ffff-ffffffffffff", "01a1f9ab-212c-7fff")]
    [InlineData("01a1f9ab-212c-7fff-b4bf-a576a6ab65ed", "01a1f9ab-212d-7000")]
    [InlineData("01a1f9ab-ffff-7fff-b4bf-a576a6ab65ed", "01a1f9ac-0000-7000")]
    public void The_id_just_after_another_counts_on(string other, string beginning)
    {
        _time.ShiftWallClock(TimeSpan.FromDays(-3650));

        _ids.NextAfter(Guid.Parse(other)).ToString().Should().StartWith(beginning);
    }

    [Fact]
    public void An_id_after_an_old_one_is_an_ordinary_one()
    {
        Guid old = _ids.Next();
        Guid next = _ids.Next();

        _ids.NextAfter(old).CompareTo(next).Should().BePositive();
    }
}
