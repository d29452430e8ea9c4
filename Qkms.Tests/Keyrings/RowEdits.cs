namespace Qkms.Tests.Keyrings;

/// <summary>Edits of a row by the name of the property they change, and the properties that no seal covers.</summary>
internal sealed class RowEdits<T>(T row, string[] Unsealed) : Dictionary<string, Func<T, T>[]>
    where T : class, ISealedRow
{
    public void ShouldAllBeRefused(RowSealer sealer)
    {
        Keys.Concat(Unsealed).Should().BeEquivalentTo(
            SettableProperties(typeof(T), ""), "a property is either sealed and edited here, or named as unsealed");
        Sealed<T> stored = sealer.Seal(row);
        sealer.Open(stored).Should().BeSameAs(row);

        foreach ((string name, Func<T, T>[] edits) in this)
        {
            foreach (Func<T, T> edit in edits)
            {
                T edited = edit(row);
                edited.Should().NotBe(row, $"the edit of {name} must change something");
                sealer.TryOpen(stored with { UnverifiedRow = edited }).Should().BeNull($"{name} was edited");
            }
        }
    }

    private static IEnumerable<string> SettableProperties(Type type, string prefix) => type.GetProperties()
        .Where(property => property.CanWrite)
        .SelectMany(property => property.PropertyType == typeof(KeyAddress) || property.PropertyType == typeof(KeyOwner)
            ? SettableProperties(property.PropertyType, $"{prefix}{property.Name}.")
            : [prefix + property.Name]);
}
