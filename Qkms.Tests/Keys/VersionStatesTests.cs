namespace Qkms.Tests.Keys;

/// <summary>F-11: what a key's row says of its versions.</summary>
public sealed class VersionStatesTests
{
    private static readonly Key _key = Keyrings.Samples.Key;

    [Fact]
    public void Neighbours_that_say_the_same_are_one_run()
    {
        VersionStates states = Of(
            (KeyState.Retired, 2), (KeyState.Retired, 2), (KeyState.Revoked, 3), (KeyState.Retired, 2), (KeyState.Active, 1));

        states.Text.Should().Be("2r2 1v3 1r2 1a1");
        states.With(Version(3, KeyState.Retired, 2)).Text.Should().Be("4r2 1a1");
        states.With(Version(5, KeyState.Destroyed, 9)).Text.Should().Be("2r2 1v3 1r2 1d9");
        states.With(Version(1, KeyState.Revoked, 3)).Text.Should().Be("1v3 1r2 1v3 1r2 1a1");
        states.With(Version(2, KeyState.Revoked, 3)).Text.Should().Be("1r2 2v3 1r2 1a1");
        states.With(Version(6, KeyState.Active, 1)).Text.Should().Be("2r2 1v3 1r2 2a1");
        states.WithUnknown(6).Text.Should().Be("2r2 1v3 1r2 1a1 1?0");
    }

    // Against a plain list, which is the specification.
    [Fact]
    public void It_holds_what_a_list_would_hold_whatever_is_changed_in_whatever_order()
    {
        for (int run = 0; run < 200; run++)
        {
            List<(KeyState State, long RowVersion)> list = [];
            VersionStates states = VersionStates.None;
            for (int i = 0; i < 40; i++)
            {
                int number = RandomNumberGenerator.GetInt32(1, list.Count + 2);
                (KeyState State, long RowVersion) said =
                    ((KeyState)RandomNumberGenerator.GetInt32(1, 5), RandomNumberGenerator.GetInt32(1, 4));
                if (number > list.Count)
                    list.Add(said);
                else
                    list[number - 1] = said;

                states = states.With(Version(number, said.State, said.RowVersion));
                states.Should().Be(Of([.. list]), "there is one text for each list");
            }

            for (int number = 0; number <= list.Count + 1; number++)
            {
                foreach (KeyState state in Enum.GetValues<KeyState>())
                {
                    for (long rowVersion = 0; rowVersion < 5; rowVersion++)
                    {
                        bool isSaid = number >= 1 && number <= list.Count && list[number - 1] == (state, rowVersion);
                        states.Hold(Version(number, state, rowVersion)).Should().Be(isSaid, "of {0}", states.Text);
                    }
                }
            }
        }
    }

    // F-11: the cost of a look does not grow with the versions that were rotated away.
    [Fact]
    public void Thousands_of_rotations_take_a_few_characters()
    {
        VersionStates states = VersionStates.None.With(Version(1, KeyState.Active, 1));
        for (int number = 2; number <= 3000; number++)
            states = states.With(Version(number - 1, KeyState.Retired, 2)).With(Version(number, KeyState.Active, 1));

        states.Text.Should().Be("2999r2 1a1");
        states.Hold(Version(1, KeyState.Retired, 2)).Should().BeTrue();
        states.Hold(Version(1, KeyState.Active, 1)).Should().BeFalse();
        states.Hold(Version(3000, KeyState.Active, 1)).Should().BeTrue();
    }

    // Asked for the version that it would hold if it were read less strictly.
    [Theory]
    [InlineData("", 1)]
    [InlineData("1a", 1)]
    [InlineData("a1", 1)]
    [InlineData("0a1", 1)]
    [InlineData("1a1 ", 2)]
    [InlineData("1a1  1a1", 2)]
    [InlineData(" 1a1", 1)]
    [InlineData("+1a1", 1)]
    [InlineData("1a 1", 1)]
    [InlineData("1a1,000", 1)]
    [InlineData("1x1", 1)]
    [InlineData("1?0", 1)]
    [InlineData("1?1", 1)]
    [InlineData("-1a1", 1)]
    [InlineData("1a99999999999999999999", 1)]
    public void A_text_that_it_did_not_write_holds_no_version(string text, int number) =>
        new VersionStates(text).Hold(Version(number, KeyState.Active, 1)).Should().BeFalse();

    [Fact]
    public void A_version_is_added_behind_the_last_and_nowhere_else() =>
        VersionStates.None.Invoking(none => none.With(Version(2, KeyState.Active, 1))).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void A_key_vouches_for_the_version_in_its_slot_and_for_no_other_active_one()
    {
        KeyVersion active = Keyrings.Samples.Version;
        _key.Vouches(active).Should().BeTrue();

        _key.Vouches(active with { RowVersion = 1 }).Should().BeFalse("it is an older row");
        _key.Vouches(active with { State = KeyState.Retired }).Should().BeFalse();
        _key.Vouches(active with { Version = 3 }).Should().BeFalse();
        _key.Vouches(active with { KeyId = new KeyId(Keyrings.Samples.Id(99)) }).Should().BeFalse();
        (_key with { ActiveKid = null }).Vouches(active).Should().BeFalse();
        (_key with { ActiveKid = Kid.FromStored("kid-9") }).Vouches(active).Should().BeFalse();
        (_key with { NextVersion = 2 }).Vouches(active).Should().BeFalse("the key has given no such number");
    }

    private static VersionStates Of(params (KeyState State, long RowVersion)[] said) => said
        .Select((version, index) => Version(index + 1, version.State, version.RowVersion))
        .Aggregate(VersionStates.None, (states, version) => states.With(version));

    private static KeyVersion Version(int number, KeyState state, long rowVersion) =>
        Keyrings.Samples.Version with { Version = number, State = state, RowVersion = rowVersion };
}
