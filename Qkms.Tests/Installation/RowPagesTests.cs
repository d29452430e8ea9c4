using Qkms.Core.Installation;
using Qkms.Core.Sealing;

namespace Qkms.Tests.Installation;

/// <summary>F-13: rows with damaged ids neither keep <c>verify</c> and the take-over from ending, nor hide what is behind them.</summary>
public sealed class RowPagesTests
{
    [Fact]
    public async Task A_page_that_ends_with_a_damaged_id_leads_on()
    {
        // By the bytes of its id the damaged row stands last in the first page; it is read as zeros.
        Guid[] ids = [.. Enumerable.Range(1, RowPages.Size + 5).Select(Id)];
        ids[RowPages.Size - 1] = Guid.Empty;

        (await WalkAsync(ids)).Should().Contain(ids);
    }

    [Fact]
    public async Task Damaged_ids_alone_end_the_walk()
    {
        Guid[] ids = new Guid[RowPages.Size];

        await FluentActions.Awaiting(() => WalkAsync(ids)).Should().ThrowAsync<StoreUnusableException>();
    }

    private static async Task<List<Guid>> WalkAsync(Guid[] ids)
    {
        List<Guid> seen = [];
        await foreach (Sealed<Row> row in RowPages.AllAsync<Row>(null!, PageAsync, row => row.Id))
            seen.Add(row.UnverifiedRow.Id);

        return seen;

        // In the order of the database, in which a damaged id stands where its bytes put it.
        Task<IReadOnlyList<Sealed<Row>>> PageAsync(IKmsSession session, Guid after, int limit)
        {
            int begin = Array.FindLastIndex(ids, id => id != Guid.Empty && id.CompareTo(after) <= 0) + 1;
            return Task.FromResult<IReadOnlyList<Sealed<Row>>>(
                [.. ids.Skip(begin).Take(limit).Select(id => new Sealed<Row>(new Row(id), []))]);
        }
    }

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private sealed record Row(Guid Id) : ISealedRow
    {
        public static string SealKind => "row";

        public TenantId TenantId => default;

        public string LogName => "row";

        public void WriteSealedColumns(CanonicalWriter writer) => throw new NotSupportedException();
    }
}
