namespace Qkms.Core.Cryptography;

/// <summary>A few pinned blocks of one size that keys had for their secrets, zeroed, for keys to come.</summary>
/// <param name="size">Bytes of a block.</param>
internal sealed class SecretPool(int size)
{
    /// <summary>Blocks kept: as many keys as come and go at the same time on a large machine.</summary>
    private const int Capacity = 16;

    private readonly byte[]?[] _blocks = new byte[]?[Capacity];

    /// <summary>A block of zeros that nobody else has.</summary>
    internal byte[] Rent()
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (_blocks[i] is not null && Interlocked.Exchange(ref _blocks[i], null) is { } block)
                return block;
        }

        return GC.AllocateArray<byte>(size, pinned: true);
    }

    /// <summary>Takes a block back that was zeroed and is not read any more; where there is no place for it, it is dropped.</summary>
    internal void Return(byte[] block)
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (_blocks[i] is null && Interlocked.CompareExchange(ref _blocks[i], block, null) is null)
                return;
        }
    }
}
