using Qkms.Core.Sealing;

namespace Qkms.Tests.Keyrings;

/// <summary>Which key of the keyring does new work.</summary>
public sealed class KeyringKeysTests
{
    private int _made;

    // F-13: other nodes may not have it yet, and would take what it seals for broken.
    [Fact]
    public void A_key_that_waits_opens_and_does_nothing_new()
    {
        using KeyringKeys before = new(NewKey(), [NewKey()], [NewKey()], [NewKey()], [NewKey()], [NewKey()]);
        using WrappingKey added = NewKey();

        KeyringKeys after = before.With(KeyringKind.RowSeal, added);

        after.Has(added.Id).Should().BeTrue();
        after.NewestOf(after.RowSealKeys).Id.Should().Be(before.RowSealKeys.Single().Id);
        (after with { Waiting = [] }).NewestOf(after.RowSealKeys).Id.Should().Be(added.Id);
    }

    // Where every key waits, the oldest is what all nodes have.
    [Fact]
    public void Of_keys_that_all_wait_the_oldest_does_the_work()
    {
        using KeyringKeys before = new(NewKey(), [NewKey(), NewKey()], [NewKey()], [NewKey()], [NewKey()], [NewKey()]);

        KeyringKeys waiting = before with { Waiting = [.. before.RowSealKeys.Select(key => key.Id)] };

        waiting.NewestOf(waiting.RowSealKeys).Id.Should().Be(before.RowSealKeys[0].Id);
    }

    private WrappingKey NewKey() => Samples.WrappingKey($"0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f5{_made++:x2}");
}
